"""The spine with its real messages: broker, worker threads and beat."""

import threading
import time
from uuid import UUID

import pytest

from assessment.lifecycle import monitoring, starting
from assessment.lifecycle.cancelling import cancel
from assessment.models import Batch
from cjproject.embedded import EmbeddedStack
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.models import QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import retry_at_once, set_queue
from tests.integration.spine import driving
from tests.integration.spine.brokers import Broker
from tests.integration.vendors.emulated import wait_until

# What a message takes here is far below it; a lost one would wait for more than one sweep.
PATIENCE = 120.0


def ended(one: Batch) -> Batch:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        one.refresh_from_db()
        if one.ended:
            return one
        time.sleep(0.05)
    pytest.fail(f"batch still {one.status}: {one.callbacks} of {one.submitted}")


def announced(one: Batch) -> Batch:
    starting.announce(one)
    return one


def test_retries_of_the_queue_and_of_the_wave_come_home(monkeypatch, stack):
    """P-07, T14: they end outside the wave's chord, and the wave is weighed all the same."""
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=2)
    judges.put_in(
        monkeypatch,
        judges.failing(ErrorType.OVERLOADED),
        judges.failing(ErrorType.OVERLOADED),
        judges.without(0),
        judges.well,
    )
    one = ended(announced(batch(5)))
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert driving.counters(one) == (10, 10, 0) == driving.counted(one)
    assert not QueueItem.objects.filter(delivered_at=None).exists()


@pytest.mark.parametrize("mode", ["per_request", "serial_bundle", "provider_batch_api"])
def test_the_last_answer_ends_a_small_batch_without_the_monitor(
    monkeypatch, transactional_db, mode
):
    """P-07"""
    monkeypatch.setattr(monitoring, "monitor", lambda *_, **__: None)
    with EmbeddedStack():
        one = ended(announced(batch(5, overrides={"llm_batching_mode_override": mode})))
    assert (one.status, one.stop_reason, one.completed) == ("COMPLETED", "coverage_complete", 10)


def test_a_judge_that_never_answers_ends_the_batch(monkeypatch, stack):
    """P-09, P-11"""
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.failing(ErrorType.CONNECTION))
    one = ended(announced(batch(8, overrides={"pairing_strategy": "balanced"})))
    assert (one.status, one.stop_reason) == ("FAILED", "low_success_rate")


def test_several_batches_at_once_do_not_touch_each_other(stack):
    """P-47, P-72"""
    together = [announced(batch(6, overrides={"seed": seed})) for seed in range(3)]
    for one in map(ended, together):
        assert (one.status, one.completed) == ("COMPLETED", 15)
        own = {str(pair.correlation_id) for pair in one.pairs.all()}
        items = QueueItem.objects.filter(batch_key=str(one.pk))
        assert {str(item.correlation_id) for item in items} == own
        assert {UUID(item.metadata["request_correlation_id"]) for item in items} == {
            item.correlation_id for item in items
        }


def test_a_cancel_in_the_middle_of_a_run_holds(monkeypatch, stack):
    """P-21: with answers there, calls under way, and comparisons that nobody has asked yet."""
    cancelled = threading.Event()

    def held(request):
        cancelled.wait(PATIENCE)
        return judges.well(request)

    judges.put_in(monkeypatch, judges.well, judges.well, held)
    one = announced(batch(12, overrides={"llm_batching_mode_override": "per_request"}))
    completed = QueueItem.objects.filter(status="completed")
    try:
        wait_until(completed.exists, PATIENCE, "the first answer")
        assert cancel(one.pk)
    finally:
        cancelled.set()
    open_items = QueueItem.objects.filter(status__in=["queued", "processing"])
    wait_until(lambda: not open_items.exists(), PATIENCE, "the calls under way")
    one.refresh_from_db()
    assert (one.status, one.stop_reason) == ("CANCELLED", "cancelled")
    assert driving.counters(one) == driving.counted(one)


def test_a_batch_found_in_the_rows_is_run_to_its_end(monkeypatch, transactional_db):
    """T6, P-23: everything in flight when a process died, and nothing in the broker."""
    one = driving.started(batch(6, overrides={"llm_batching_mode_override": "per_request"}))
    crashed = QueueItem.objects.first()
    # A worker died with a lease that has long to run.
    with monkeypatch.context() as patched:

        def killed(request):
            raise KeyboardInterrupt

        judges.put_in(patched, killed)
        with pytest.raises(KeyboardInterrupt):
            process(str(crashed.bundle_id))
    crashed.refresh_from_db()
    assert crashed.status == "processing"
    Broker().take()
    with EmbeddedStack():
        ended(one)
    assert (one.status, one.completed) == ("COMPLETED", 15)
