"""Batches side by side at vendors that take their time: none waits for another."""

import pytest

from assessment.lifecycle.cancelling import cancel
from llmprovider.emulator import Latency, Profile
from llmprovider.models import ProviderCall
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.spine import driving
from tests.integration.vendors import emulated

SLOTS = 8
ESSAYS = 10
COMPARISONS = 45  # all pairs, each a call
SINGLES = {"llm_batching_mode_override": "per_request"}


@pytest.fixture(autouse=True)
def _one_wave(monkeypatch) -> None:
    driving.set_assessment(
        monkeypatch, COMPARISONS_PER_STABILITY_CHECK_ITERATION=COMPARISONS, MAX_RETRY_ATTEMPTS=0
    )


def test_two_batches_at_one_vendor_take_turns(monkeypatch, transactional_db) -> None:
    """T9: their calls differ by at most the number of workers while both have work."""
    slow = Profile("slow", "a fifth of a second", Latency(0.15, 0.1))
    with emulated.vendor(monkeypatch, profile=slow):
        both = [
            emulated.judged_by("anthropic", ESSAYS, overrides={**SINGLES, "seed": seed})
            for seed in (1, 2)
        ]
        for one in both:  # before anybody works, or the first might end before the second begins
            driving.started(one)
        with emulated.stack():
            for one in both:
                assert emulated.ended(one).status == "COMPLETED"
    order = list(ProviderCall.objects.order_by("started_at").values_list("batch_key", flat=True))
    keys = [str(one.pk) for one in both]
    assert [order.count(key) for key in keys] == [COMPARISONS, COMPARISONS]
    begins = max(order.index(key) for key in keys)
    ends = min(len(order) - order[::-1].index(key) for key in keys)
    shared = order[begins:ends]
    assert len(shared) > COMPARISONS  # most of the time both had work
    lead = 0
    for key in shared:
        lead += 1 if key == keys[0] else -1
        assert abs(lead) <= SLOTS


def test_a_vendor_that_fails_does_not_delay_another(monkeypatch, transactional_db) -> None:
    """T9, T17: one turns everybody away or lets them wait for nothing; the other is not slowed."""
    set_queue(
        monkeypatch,
        QUEUE_RETRY_BASE_SECONDS=0.2,
        CIRCUIT_OPEN_SECONDS=1.0,
        OUTAGE_TOLERANCE_SECONDS=3600.0,
    )
    profile = Profile("quick", "an eighth of a second", Latency(0.1, 0.05))
    slowed = [_slowed_by_a_neighbour(monkeypatch, profile)]
    while slowed[-1] >= 2 and len(slowed) < 6:  # a busy machine can slow one, but hardly all six
        slowed.append(_slowed_by_a_neighbour(monkeypatch, profile))
    assert slowed[-1] < 2


def _slowed_by_a_neighbour(monkeypatch, profile: Profile) -> float:
    """How many times longer a batch takes beside one whose vendor fails."""
    with emulated.vendor(monkeypatch, profile=profile) as emulator:
        alone = emulated.judged_by("openai", ESSAYS, overrides=SINGLES)
        with emulated.stack():
            emulated.ended(emulated.begun(alone))
        model = emulated.MODELS["anthropic"]
        for fault in ("overloaded", "timeout", "unavailable"):
            emulator.fail_next(fault, times=60, model=model)
        failing = emulated.judged_by("anthropic", ESSAYS, overrides=SINGLES)
        beside = emulated.judged_by("openai", ESSAYS, overrides={**SINGLES, "seed": 8})
        with emulated.stack():
            emulated.begun(failing)
            emulated.ended(emulated.begun(beside))
            assert beside.status == "COMPLETED"
            failing.refresh_from_db()
            assert not failing.ended
            assert not failing.completed
            assert cancel(failing.pk)
    return took(beside) / took(alone)


def took(one) -> float:
    """Seconds from the first call of a batch to the end of its last."""
    calls = emulated.rows_of(one)
    return (max(call.finished_at for call in calls) - calls[0].started_at).total_seconds()
