"""Two workers that hold one item: the first result stays, and a paid one counts."""

import pytest

from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.models import QueueItem
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import bundle_of, items, retry_at_once, statuses

pytestmark = pytest.mark.django_db


def lose_leases() -> None:
    """What the clean-up does to leases that have run out."""
    QueueItem.objects.filter(status="processing").update(
        status="queued", lease_token=None, lease_expires_at=None
    )


def test_a_verdict_after_the_lease_is_lost_counts(monkeypatch):
    """T2: it is paid for."""

    def slow(request):
        lose_leases()
        return judges.well(request)

    judge = judges.put_in(monkeypatch, slow)
    bundle = bundle_of(3)
    process(str(bundle.pk))
    assert statuses() == ["completed"] * 3
    process(str(bundle.pk))
    assert judge.sizes == [3]


def test_an_error_after_the_lease_is_lost_does_not(monkeypatch):
    def slow(request):
        lose_leases()
        return judges.failing(ErrorType.INVALID_REQUEST)(request)

    judges.put_in(monkeypatch, slow)
    process(str(bundle_of(3).pk))
    assert statuses() == ["queued"] * 3
    assert {item.attempts for item in items()} == {0}


def second_worker_first(monkeypatch, first_worker, second_worker):
    """The first worker's call lasts so long that a second one asks again and answers before it."""
    bundle = bundle_of(2)

    def outer(request):
        lose_leases()
        process(str(bundle.pk))
        return first_worker(request)

    judges.put_in(monkeypatch, outer, second_worker)
    process(str(bundle.pk))


def says(winner):
    return lambda r: judges.response(judges.entry(item, winner) for item in judges.asked(r))


def test_the_first_of_two_verdicts_stays(monkeypatch):
    """T36"""
    second_worker_first(monkeypatch, says("second"), says("first"))
    assert {item.winner for item in items()} == {"essay_a"}


def test_an_error_never_replaces_a_verdict(monkeypatch):
    """T36"""
    second_worker_first(monkeypatch, judges.failing(ErrorType.REFUSAL), says("first"))
    assert statuses() == ["completed"] * 2


def test_a_verdict_never_replaces_an_error_that_may_be_home_already(monkeypatch):
    """T36"""
    second_worker_first(monkeypatch, says("first"), judges.failing(ErrorType.REFUSAL))
    assert statuses() == ["failed"] * 2
    assert {item.winner for item in items()} == {""}


def test_a_late_verdict_ends_the_wait_for_a_retry(monkeypatch):
    retry_at_once(monkeypatch)
    second_worker_first(monkeypatch, says("second"), judges.failing(ErrorType.OVERLOADED))
    assert {(item.status, item.winner) for item in items()} == {("completed", "essay_b")}
