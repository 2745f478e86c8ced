"""What the database itself refuses, whatever the code above it does."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from assessment.models import Anchor, Batch, ComparisonPair, Essay, PairAttempt, Wave
from assessment.models.batches import IllegalTransition
from llmprovider.models import QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def one():
    """A batch in its first wave, nothing answered."""
    return driving.started(batch(4, 1))


def refused(change) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def another(row, **changes):
    """A copy of the row, not stored."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return type(row)(**{**values, **changes})


def test_an_order_of_two_essays_once_per_batch_and_repeat(one):
    """P-40"""
    pair = one.pairs.first()
    refused(another(pair, correlation_id=uuid4()).save)
    another(pair, correlation_id=uuid4(), repeat=2).save()
    another(
        pair, correlation_id=uuid4(), essay_a_id=pair.essay_b_id, essay_b_id=pair.essay_a_id
    ).save()


def test_no_essay_meets_itself(one):
    """P-40"""
    pair = one.pairs.first()
    refused(another(pair, correlation_id=uuid4(), essay_b_id=pair.essay_a_id).save)


def test_a_wave_number_once_per_batch(one):
    """P-17"""
    refused(another(one.waves.get()).save)


def test_a_wave_weighs_no_round_that_it_has_not_had(one):
    refused(lambda: Wave.objects.update(finished_round=2))


def test_a_correlation_id_once(one):
    """P-72"""
    pair, other = one.pairs.all()[:2]
    refused(
        lambda: ComparisonPair.objects.filter(pk=pair.pk).update(
            correlation_id=other.correlation_id
        )
    )
    attempt = PairAttempt.objects.first()
    refused(another(attempt, number=2).save)
    refused(another(attempt, correlation_id=uuid4()).save)
    refused(another(QueueItem.objects.first(), bundle_index=60).save)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "succeeded", "winner": ""},
        {"status": "succeeded", "winner": "neither"},
        {"status": "succeeded", "winner": "essay_a", "error": {"code": "TIMEOUT"}},
        {"status": "failed", "winner": "essay_a", "error": {"code": "TIMEOUT"}},
        {"status": "failed", "winner": "", "error": None},
        {"status": "pending", "winner": "essay_b"},
    ],
)
def test_a_pair_has_a_winner_or_an_error(one, values):
    """P-68"""
    refused(lambda: ComparisonPair.objects.update(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"status": "completed", "winner": ""},
        {"status": "completed", "winner": "essay_a", "error": {"code": "TIMEOUT"}},
        {"status": "failed", "winner": "", "error": None},
        {"status": "expired", "winner": "essay_a", "error": {"code": "EXPIRED"}},
        {"status": "queued", "winner": "essay_a"},
        {"confidence": 6},
        {"confidence": 0},
        {"status": "processing", "lease_expires_at": None},
        {"status": "queued", "lease_expires_at": NOW},
    ],
)
def test_a_queue_item_has_a_winner_or_an_error_and_a_lease_while_processed(one, values):
    """P-68, T1, T25"""
    refused(lambda: QueueItem.objects.update(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"total_budget": 0},
        {"submitted": 1_001},
        {"completed": 9, "failed": 2, "submitted": 10},
        {"failed": 11, "submitted": 10},
    ],
)
def test_callbacks_within_submitted_within_budget(one, values):
    """P-02, P-05"""
    refused(lambda: Batch.objects.filter(pk=one.pk).update(**values))


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
def test_an_ended_batch_has_a_time_and_a_reason(one, status):
    """P-14, P-20"""
    mine = Batch.objects.filter(pk=one.pk)
    refused(lambda: mine.update(status=status, stop_reason="stable", completed_at=None))
    refused(lambda: mine.update(status=status, stop_reason="", completed_at=NOW))
    assert mine.update(status=status, stop_reason="stable", completed_at=NOW) == 1


def test_a_batch_that_goes_on_has_no_time_of_end(one):
    """P-20"""
    refused(lambda: Batch.objects.update(completed_at=NOW))


def test_an_anchor_has_a_grade(one):
    """P-55"""
    refused(lambda: Essay.objects.filter(role="anchor").update(known_grade=""))
    refused(lambda: Anchor.objects.update(grade=""))


def test_a_name_and_a_place_once_per_batch(one):
    essay = one.essays.first()
    refused(another(essay, position=99).save)
    refused(another(essay, name="new").save)


LEGAL = {
    ("PENDING", "COMPARING"),
    ("PENDING", "SCORING"),
    ("PENDING", "FAILED"),
    ("PENDING", "CANCELLED"),
    ("COMPARING", "SCORING"),
    ("COMPARING", "FAILED"),
    ("COMPARING", "CANCELLED"),
    ("SCORING", "COMPLETED"),
    ("SCORING", "FAILED"),
    ("SCORING", "CANCELLED"),
}
ENDED = {"COMPLETED", "FAILED", "CANCELLED"}


@pytest.mark.parametrize("before", Batch.Status.values)
@pytest.mark.parametrize("after", Batch.Status.values)
def test_only_legal_steps_are_taken(before, after):
    """P-20"""
    one = batch(2)
    end = {"completed_at": NOW, "stop_reason": "stable"}
    Batch.objects.filter(pk=one.pk).update(status=before, **(end if before in ENDED else {}))
    one.refresh_from_db()
    changes = end if after in ENDED else {}
    if (before, after) in LEGAL:
        assert one.step_to(after, **changes)
        assert one.status == after
    else:
        with pytest.raises(IllegalTransition):
            one.step_to(after, **changes)
        assert one.status == before
    one.refresh_from_db()
    assert one.status == (after if (before, after) in LEGAL else before)


def test_of_two_who_step_one_does():
    """P-15, P-20"""
    mine = batch(2)
    theirs = Batch.objects.get(pk=mine.pk)
    assert mine.step_to("COMPARING")
    assert not theirs.step_to("CANCELLED", stop_reason="cancelled", completed_at=NOW)
    assert theirs.status == "PENDING"
    theirs.refresh_from_db()
    assert (theirs.status, theirs.completed_at) == ("COMPARING", None)
