"""Comparisons on their way in: stored once, bundled at once, or not at all."""

import pytest
from django.db import IntegrityError, transaction

from assessment.models import Wave
from llmprovider.contracts import QueueMode
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import Bundle, InstructionSet, QueueItem, StoredDocument
from llmprovider.queueing import enqueueing
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider.comparisons import comparison, queued, set_queue
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db


def sizes() -> list[int]:
    return sorted(bundle.items.count() for bundle in Bundle.objects.all())


def test_a_text_is_stored_once_however_often_it_is_compared():
    queued(5)
    queued(5, batch_key="another")
    assert StoredDocument.objects.count() == 6
    assert InstructionSet.objects.count() == 1
    assert QueueItem.objects.count() == 10


def test_bundles_are_as_few_as_the_limit_allows():
    """T3, T11"""
    queued(150)
    assert sizes() == [22, 64, 64]


@pytest.mark.parametrize(("limit", "calls"), [(1, 10), (3, 4), (10, 1), (64, 1)])
def test_a_bundle_keeps_to_the_limit_of_its_comparisons(limit, calls):
    queued(10, bundle_limit=limit)
    assert len(sizes()) == calls
    assert max(sizes()) <= limit


def test_the_cap_of_the_service_holds_above_any_limit(monkeypatch):
    set_queue(monkeypatch, SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL=4)
    queued(10, bundle_limit=64)
    assert sizes() == [2, 4, 4]


def test_per_request_is_one_comparison_a_call():
    queued(7, queue_mode=QueueMode.PER_REQUEST)
    assert sizes() == [1] * 7


def test_comparisons_without_a_mode_take_the_services(monkeypatch):
    set_queue(monkeypatch, QUEUE_PROCESSING_MODE="per_request")
    queued(3)
    assert sizes() == [1] * 3
    assert set(QueueItem.objects.values_list("queue_mode", flat=True)) == {"per_request"}


def test_a_group_has_one_call_of_its_own():
    requests = [comparison(n, bundle_group=f"g{n % 3}") for n in range(30)]
    enqueueing.enqueue(requests)
    for bundle in Bundle.objects.all():
        assert len(set(bundle.items.values_list("bundle_group", flat=True))) == 1
    assert sizes() == [10, 10, 10]


def test_what_differs_does_not_share_a_call():
    """T17"""
    enqueueing.enqueue(
        [comparison(n, overrides={"temperature": (0.0, None)[n % 2]}) for n in range(20)]
    )
    assert sizes() == [10, 10]
    assert {b.overrides["temperature"] for b in Bundle.objects.all()} == {0.0, None}


def test_a_call_keeps_to_the_token_budget(monkeypatch):
    """T18"""
    set_queue(monkeypatch, BUNDLE_TOKEN_BUDGET=2_000)
    queued(40)
    assert len(sizes()) > 1


def test_a_full_queue_takes_nothing(monkeypatch):
    """T4"""
    set_queue(monkeypatch, QUEUE_CAPACITY=10)
    queued(8)
    with pytest.raises(judge_queue.QueueFull, match="QUEUE_CAPACITY=10"):
        queued(3, batch_key="late")
    assert QueueItem.objects.count() == 8
    assert not Bundle.objects.filter(batch_key="late").exists()
    queued(2)


def test_finished_comparisons_make_room(monkeypatch):
    """T4"""
    set_queue(monkeypatch, QUEUE_CAPACITY=4)
    queued(4)
    judge_queue.withdraw("batch-1")
    queued(4, batch_key="next")


def test_a_correlation_id_is_taken_once():
    """T5"""
    request = comparison(1)
    enqueueing.enqueue([request])
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueueing.enqueue([request])
    assert QueueItem.objects.count() == 1


def test_a_batch_sends_the_whole_spine_of_metadata():
    """T39, P-72"""
    one = driving.started(batch(6, bos_batch_id="bos-1"))
    for pair in one.pairs.all():
        item = QueueItem.objects.get(correlation_id=pair.correlation_id)
        assert item.metadata == {
            "request_correlation_id": str(pair.correlation_id),
            "essay_a_id": str(pair.essay_a_id),
            "essay_b_id": str(pair.essay_b_id),
            "cj_batch_id": str(one.pk),
            "bos_batch_id": "bos-1",
            "cj_source": "test",
            "cj_request_type": "cj_comparison",
            "cj_llm_batching_mode": "serial_bundle",
            "comparison_iteration": 1,
            "preferred_bundle_size": Wave.objects.get().size,
        }


def test_hints_are_left_out_when_they_are_switched_off(monkeypatch):
    driving.set_assessment(monkeypatch, ENABLE_LLM_BATCHING_METADATA_HINTS="false")
    driving.started(batch(6))
    for item in QueueItem.objects.all():
        assert not {
            "cj_llm_batching_mode",
            "comparison_iteration",
            "preferred_bundle_size",
        } & set(item.metadata)


def test_the_bundle_size_of_a_batch_holds(monkeypatch):
    driving.set_assessment(monkeypatch, LLM_BATCHING_STRATEGY="serial_override")
    driving.started(batch(6, overrides={"bundle_size_override": 4, "pairing_strategy": "balanced"}))
    assert max(sizes()) == 4
