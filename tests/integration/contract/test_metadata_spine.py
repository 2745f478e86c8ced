"""What the assessment says of a comparison comes back as it was said; the judge only adds keys."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from assessment.models import Batch
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import Bundle, QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import retry_at_once, set_queue
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

# DESIGN section 4, with the type of each value.
SPINE: dict[str, type] = {
    "request_correlation_id": str,
    "essay_a_id": str,
    "essay_b_id": str,
    "cj_batch_id": str,
    "bos_batch_id": str,
    "cj_source": str,
    "cj_request_type": str,
    "cj_llm_batching_mode": str,
    "comparison_iteration": int,
    "preferred_bundle_size": int,
}
HINTS = {"cj_llm_batching_mode", "comparison_iteration", "preferred_bundle_size"}
ADDED = {
    "prompt_sha256",
    "bundle_id",
    "bundle_index",
    "resolved_provider",
    "resolved_model",
    "queue_processing_mode",
    "usage",
}


def sent(one: Batch) -> dict[str, dict[str, Any]]:
    """The metadata of every request, by correlation id, as the queue took it in."""
    return {
        str(item.correlation_id): copy.deepcopy(item.metadata)
        for item in QueueItem.objects.filter(batch_key=str(one.pk))
    }


def told(one: Batch) -> dict[str, dict[str, Any]]:
    """The metadata of every result, by correlation id, as the contract hands it out."""
    bundles = Bundle.objects.filter(batch_key=str(one.pk))
    results = [found for each in bundles for found in judge_queue.results_of(str(each.pk))]
    return {str(found.correlation_id): found.request_metadata for found in results}


def only_added_to(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The keys that were added; all others must be as they were."""
    assert {key: after[key] for key in before} == before
    return set(after) - set(before)


@pytest.mark.parametrize("mode", ["per_request", "serial_bundle", "provider_batch_api"])
def test_every_key_comes_back_verbatim_and_only_known_keys_are_added(mode):
    """T39"""
    overrides = {"llm_batching_mode_override": mode}
    one = driving.started(batch(5, bos_batch_id="bos-7", overrides=overrides))
    before = sent(one)
    for metadata in before.values():
        assert {key: type(value) for key, value in metadata.items()} == SPINE
        assert metadata["cj_batch_id"] == str(one.pk)
        assert (metadata["cj_source"], metadata["bos_batch_id"]) == ("test", "bos-7")
        assert (metadata["cj_request_type"], metadata["comparison_iteration"]) == (
            "cj_comparison",
            1,
        )
        assert metadata["cj_llm_batching_mode"] == mode
        assert metadata["preferred_bundle_size"] == len(before)
    driving.judge(one)
    after = told(one)
    assert after.keys() == before.keys()
    assert all(only_added_to(before[key], after[key]) == ADDED for key in before)

    driving.record(one)
    for pair in one.pairs.all():
        key = str(pair.correlation_id)
        assert pair.result_metadata == after[key]
        assert before[key]["request_correlation_id"] == key
        assert before[key]["essay_a_id"] == str(pair.essay_a_id)
        assert before[key]["essay_b_id"] == str(pair.essay_b_id)


def test_the_hints_can_be_left_out(monkeypatch):
    driving.set_assessment(monkeypatch, ENABLE_LLM_BATCHING_METADATA_HINTS="false")
    one = driving.answered(driving.started(batch(4)))
    for pair in one.pairs.all():
        assert set(pair.result_metadata) - ADDED == set(SPINE) - HINTS - {"bos_batch_id"}


def test_a_failed_comparison_brings_its_metadata_home_and_a_retry_has_its_own(monkeypatch):
    """P-50, P-72, T37"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.without(0), judges.well)
    one = driving.started(batch(4))
    before = sent(one)
    driving.judge(one)
    failed = {
        str(item.correlation_id)
        for item in QueueItem.objects.filter(batch_key=str(one.pk), status="failed")
    }
    after = told(one)
    assert len(failed) == 1
    assert all(only_added_to(before[key], after[key]) <= ADDED for key in before)

    driving.record(one)
    driving.weigh(one)
    ((again, metadata),) = [(k, m) for k, m in sent(one).items() if k not in before]
    assert metadata["request_correlation_id"] == again
    assert metadata["cj_request_type"] == "cj_retry"
    assert (metadata["comparison_iteration"], metadata["preferred_bundle_size"]) == (1, 1)
    (old,) = [before[key] for key in failed]
    unchanged = set(SPINE) - {
        "request_correlation_id",
        "cj_request_type",
        "preferred_bundle_size",
        "bos_batch_id",
    }
    assert {key: metadata[key] for key in unchanged} == {key: old[key] for key in unchanged}


def test_no_vendor_is_told_any_of_it(monkeypatch):
    """P-44, P-69: neither ids nor names nor the rest of the metadata are in what is sent."""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch)
    one = driving.answered(driving.started(batch(4, anchors=2, bos_batch_id="bos-77")))
    secrets = {value for values in sent(one).values() for value in values.values()}
    secrets = {str(value) for value in secrets if isinstance(value, str) and len(value) > 5}
    secrets |= set(one.essays.values_list("name", flat=True))
    secrets |= set(one.essays.values_list("sha256", flat=True))
    assert len(secrets) > 20
    for request in judge.requests:
        prompt = f"{request.system}{request.user}"
        assert [secret for secret in secrets if secret in prompt] == []
        assert "anchor_" not in prompt
