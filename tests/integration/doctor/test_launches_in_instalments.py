"""A launch that takes several transactions is under way, not broken, until it is stuck."""

from types import SimpleNamespace

import pytest

from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.waves import launching, long_launches
from assessment.models import Batch
from cjproject.checkups import check_up, repair
from tests.integration.doctor import worlds
from tests.integration.doctor.damages import long_ago
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

# Of three pairs: two transactions for their rows, two for their items, one for the end.
COMMITS = 5


class Killed(BaseException):
    """The process dies here."""


def launched_until(monkeypatch, commits: int) -> Batch:
    """A batch whose first wave goes in instalments of two; killed after so many transactions."""
    for module in (launching, long_launches):
        monkeypatch.setattr(module, "INSTALMENT", 2)
    left = iter(range(commits, 0, -1))

    def pause(seconds: float) -> None:
        if next(left, 0) == 1:
            raise Killed

    monkeypatch.setattr(long_launches, "time", SimpleNamespace(sleep=pause))
    one = worlds.started()
    if commits:
        with pytest.raises(Killed):
            long_launches.go_on(one.pk, 1, 1)
    return one


@pytest.mark.parametrize("commits", range(COMMITS + 1))
def test_it_is_clean_after_each_transaction(monkeypatch, commits):
    """P-66"""
    one = launched_until(monkeypatch, commits)
    assert check_up().findings == ()
    driving.answered(one)
    assert check_up().findings == ()
    cancel(one.pk)
    assert check_up().findings == ()


@pytest.mark.parametrize("commits", range(COMMITS))
def test_one_that_nobody_goes_on_with_is_brought_to_its_end(monkeypatch, commits):
    """P-66"""
    one = launched_until(monkeypatch, commits)
    Batch.objects.update(last_activity_at=long_ago())
    (finding,) = check_up().findings
    assert finding.code == "stuck"
    repair(check_up())
    assert check_up().findings == ()
    one.refresh_from_db()
    assert one.submitted == 3 and one.waves.get().launched
    assert driving.run(one).status == "COMPLETED"
    assert check_up().findings == ()
