"""Tickets with real messages: slots kept in chords, waits without a sleeping worker, fast ends."""

import pytest

from assessment.models import Wave
from llmprovider.contracts import ErrorType
from llmprovider.models import ProviderCall, QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import retry_at_once, set_queue
from tests.integration.spine import driving
from tests.integration.spine.test_through_the_stack import announced, ended

SINGLES = {"llm_batching_mode_override": "per_request"}


@pytest.fixture
def one_call_at_a_time(monkeypatch):
    set_queue(monkeypatch, RATE_LIMITS='{"mock": {"concurrency": 1}}')


def test_a_judge_that_takes_one_call_at_a_time_is_waited_for(
    monkeypatch, one_call_at_a_time, stack
):
    """T8, T10: every ticket comes back until its call is made, and each round is weighed once."""
    judges.put_in(monkeypatch)
    one = ended(announced(batch(5, overrides=SINGLES)))
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert driving.counters(one) == (10, 10, 0) == driving.counted(one)
    assert all(wave.finished_round == wave.round == 1 for wave in Wave.objects.all())
    assert set(QueueItem.objects.values_list("attempts", "claims")) == {(1, 1)}
    calls = list(ProviderCall.objects.order_by("started_at"))
    assert all(
        earlier.finished_at <= later.started_at
        for earlier, later in zip(calls, calls[1:], strict=False)
    )


def test_a_wave_whose_calls_fail_and_come_back_is_weighed_once(monkeypatch, stack):
    """T8: a retry stays in its chord."""
    retry_at_once(monkeypatch)
    failing = [judges.failing(ErrorType.OVERLOADED)] * 4
    judges.put_in(monkeypatch, *failing, judges.well)
    one = ended(announced(batch(5, overrides=SINGLES)))
    assert (one.status, one.completed) == ("COMPLETED", 10)
    assert [wave.round for wave in Wave.objects.all()] == [1] * one.waves.count()


def test_a_wrong_key_ends_a_batch_of_many_calls_at_once(monkeypatch, stack):
    """P-11, T23: no more calls than workers, and the batch says what was wrong."""
    judge = judges.put_in(
        monkeypatch, judges.failing(ErrorType.AUTHENTICATION, "the key was refused")
    )
    one = ended(announced(batch(16, overrides=SINGLES)))
    assert (one.status, one.stop_reason) == ("FAILED", "provider_outage")
    assert "the key was refused" in one.failure
    assert len(judge.requests) <= 8
