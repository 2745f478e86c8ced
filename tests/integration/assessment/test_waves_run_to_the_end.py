"""A batch goes from creation to grades through real messages, worker threads and rows."""

import time

import pytest
from scipy.stats import kendalltau

from assessment.lifecycle import starting
from assessment.models import Batch, ComparisonPair
from llmprovider.models import Bundle, ProviderCall, QueueItem
from tests.integration.assessment.essays import batch


def run(created: Batch, seconds: float = 240) -> Batch:
    starting.announce(created)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        created.refresh_from_db()
        if created.ended:
            return created
        time.sleep(0.05)
    pytest.fail(f"batch still {created.status}: {created.callbacks} of {created.submitted}")


def test_it_judges_all_pairs_of_four_essays_and_ends(stack):
    done = run(batch(4, max_comparisons_override=150))
    assert (done.status, done.stop_reason) == ("COMPLETED", "coverage_complete")
    assert (done.submitted, done.completed, done.failed) == (6, 6, 0)
    assert done.completed_at is not None


def test_per_request_makes_a_call_per_comparison(stack):
    done = run(
        batch(
            6,
            max_comparisons_override=15,
            overrides={"llm_batching_mode_override": "per_request"},
        )
    )
    assert ProviderCall.objects.count() == done.completed == 15


def test_serial_bundle_makes_a_call_per_bundle(stack):
    done = run(batch(16, 6, max_comparisons_override=100))
    assert ProviderCall.objects.count() == Bundle.objects.count() < done.completed / 5


def test_grades_come_out_in_the_judges_order(stack):
    done = run(batch(12, 6, slope=40.0, max_comparisons_override=153))
    students = done.essays.filter(role="student").order_by("projection__rank")
    order = [-int(essay.name[-3:]) for essay in students]
    assert kendalltau(order, range(len(order))).statistic > 0.8
    anchors = done.essays.filter(role="anchor").select_related("projection")
    assert all(essay.projection.grade == essay.known_grade for essay in anchors)


def test_every_queue_item_is_delivered_and_counters_equal_the_rows(stack):
    done = run(batch(10, max_comparisons_override=40))
    statuses = ComparisonPair.Status
    assert done.pairs.filter(status=statuses.SUCCEEDED).count() == done.completed
    assert done.pairs.filter(status=statuses.FAILED).count() == done.failed
    assert not QueueItem.objects.filter(delivered_at__isnull=True).exists()
