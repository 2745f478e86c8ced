"""What a batch keeps as JSON is there for whoever reads it later, whoever else wrote meanwhile."""

from collections import Counter
from threading import Thread

import pytest
from django.db import connection

from assessment.lifecycle import finalising
from assessment.models import Batch, ComparisonPair
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider.comparisons import at_once
from tests.integration.spine import driving


def read_by_another(one: Batch) -> Batch:
    """The batch as a connection of its own sees it: only what is committed."""
    seen: list[Batch] = []

    def read() -> None:
        try:
            seen.append(Batch.objects.get(pk=one.pk))
        finally:
            connection.close()

    reader = Thread(target=read)
    reader.start()
    reader.join()
    return seen[0]


def scoring(students: int) -> Batch:
    one = batch(students, anchors=1)
    driving.started(one)
    for _ in range(60):
        if one.status == Batch.Status.SCORING:
            return one
        driving.answered(one)
        driving.weigh(one)
    pytest.fail(f"still {one.status}")


@pytest.mark.django_db(transaction=True)
def test_notes_added_at_the_end_are_committed_beside_those_of_the_start():
    """P-25, P-26: warnings, result and each answer's metadata, read back elsewhere."""
    one = scoring(5)
    before = {warning["code"] for warning in one.warnings}
    assert "mock_run" in before
    finalising.finalise(one.pk)
    seen = read_by_another(one)
    after = [warning["code"] for warning in seen.warnings]
    assert before < set(after)
    assert len(seen.result["essays"]) == 6
    judged = ComparisonPair.objects.filter(batch=one, status=ComparisonPair.Status.SUCCEEDED)
    for pair in judged:
        assert pair.result_metadata["cj_batch_id"] == str(one.pk)
        assert pair.result_metadata["bundle_id"]


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_lose_and_double_no_note():
    """P-27"""
    one = scoring(5)
    before = {warning["code"] for warning in one.warnings}
    at_once(4, lambda: finalising.finalise(one.pk))
    codes = Counter(warning["code"] for warning in read_by_another(one).warnings)
    assert before < set(codes)
    assert set(codes.values()) == {1}
