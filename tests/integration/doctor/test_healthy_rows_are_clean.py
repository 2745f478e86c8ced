"""What the system itself makes is clean, at every moment."""

import threading
import time
from dataclasses import replace

import pytest

from assessment.lifecycle import starting
from assessment.lifecycle.creating.specs import JudgeSpec
from assessment.models import Batch
from cjproject.checkups import check_up
from llmprovider.contracts import ErrorType, TokenUsage
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.providers.mock import MockProvider
from tests.integration.assessment.essays import batch
from tests.integration.doctor import worlds
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import retry_at_once, set_queue
from tests.integration.spine import driving


@pytest.mark.django_db
@pytest.mark.parametrize("world", worlds.HEALTHY)
def test_every_moment_of_a_batch_is_clean(world):
    """P-01, P-23"""
    world()
    assert check_up().findings == ()


@pytest.mark.django_db
def test_a_wave_that_was_asked_again_is_clean(monkeypatch):
    """T14: failed calls, calls of parts of a bundle, and rounds of a wave."""
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=2)
    judges.put_in(
        monkeypatch,
        *[judges.failing(ErrorType.OVERLOADED)] * 2,
        judges.without(0),
        judges.well,
    )
    one = driving.run(batch(5))
    assert one.status == "COMPLETED" and one.pairs.filter(attempts=2).exists()
    assert check_up().findings == ()


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["per_request", "serial_bundle"])
def test_bills_that_do_not_divide_evenly_are_clean(monkeypatch, mode):
    """T32: split over the comparisons to the last unit, also where some were asked twice."""
    odd = TokenUsage(input=1_003, output=101, cache_read=7, reasoning=5)
    retry_at_once(monkeypatch)
    steps = [judges.without(0), judges.well]
    judges.put_in(
        monkeypatch,
        *[lambda request, step=step: replace(step(request), usage=odd) for step in steps],
        provider="openai",
    )
    judge = JudgeSpec(provider="openai", model="gpt-4o")
    one = driving.run(batch(5, judges=(judge,), overrides={"llm_batching_mode_override": mode}))
    assert one.status == "COMPLETED"
    assert ProviderCall.objects.filter(cost_usd__gt=0).count() > 1
    assert check_up().findings == ()


@pytest.mark.django_db
def test_a_batch_that_failed_is_clean(monkeypatch):
    """P-09"""
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.failing(ErrorType.CONNECTION))
    assert driving.run(batch(5)).status == "FAILED"
    assert check_up().findings == ()


@pytest.mark.parametrize("mode", worlds.MODES)
def test_a_running_system_gives_no_false_alarm(stack, mode, monkeypatch):
    """P-04: all checks see one state of the database, and nobody waits for them."""
    # Else, where this thread gets no turn for a while, the batch has ended before it looks twice.
    seen, answer = threading.Event(), MockProvider.call

    def once_seen(provider, request):
        assert seen.wait(timeout=120)
        return answer(provider, request)

    monkeypatch.setattr(MockProvider, "call", once_seen)
    one = batch(7, max_comparisons_override=20, overrides={"llm_batching_mode_override": mode})
    starting.announce(one)
    looks, patience = 0, time.monotonic() + 240
    while not Batch.objects.get().ended:
        assert time.monotonic() < patience, Batch.objects.get().status
        now = check_up()
        assert now.findings == (), now.findings
        looks += bool(0 < now.rows["queue items"])
        if looks > 1:
            seen.set()
    assert Batch.objects.get().status == "COMPLETED"
    assert looks > 1
    assert not QueueItem.objects.filter(delivered_at=None).exists()
    assert check_up().findings == ()
