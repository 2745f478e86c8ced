"""The end of a batch: everything it says, written once, or a stated failure."""

import pytest

from assessment.lifecycle import finalising
from assessment.lifecycle.scores.scoring import student_ranks
from assessment.models import Batch, GradeProjection
from tests.integration.assessment.essays import batch
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once
from tests.integration.spine import driving


def scoring(one: Batch) -> Batch:
    """The batch judged and about to be scored."""
    driving.started(one)
    for _ in range(60):
        if one.status == Batch.Status.SCORING:
            return one
        driving.answered(one)
        driving.weigh(one)
    pytest.fail(f"still {one.status}")


def codes(one: Batch) -> set[str]:
    return {warning["code"] for warning in one.warnings}


@pytest.mark.django_db
def test_finalising_twice_ends_the_batch_once():
    """P-15"""
    one = scoring(batch(6))
    finalising.finalise(one.pk)
    first = Batch.objects.filter(pk=one.pk).values().get()
    rows = list(GradeProjection.objects.values())
    finalising.finalise(one.pk)
    assert Batch.objects.filter(pk=one.pk).values().get() == first
    assert list(GradeProjection.objects.values()) == rows
    assert len(rows) == 6


@pytest.mark.django_db(transaction=True)
def test_two_workers_finalising_end_the_batch_once(caplog):
    """P-15, P-25"""
    caplog.set_level("INFO", logger="assessment")
    one = scoring(batch(6))
    at_once(2, lambda: finalising.finalise(one.pk))
    one.refresh_from_db()
    assert one.status == "COMPLETED"
    assert GradeProjection.objects.filter(essay__batch=one).count() == 6
    assert caplog.text.count("ended batch=") == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.django_db
def test_an_error_while_scoring_ends_the_batch_as_failed(monkeypatch):
    """P-22, P-23: committed, and none of the scores with it."""
    one = scoring(batch(6))

    def broken(*args):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(finalising, "warnings_of", broken)
    finalising.finalise(one.pk)
    one.refresh_from_db()
    assert (one.status, one.stop_reason) == ("FAILED", "internal_error")
    assert "ZeroDivisionError" in one.failure and "secret" not in one.failure
    assert one.completed_at is not None and one.result is None
    assert not GradeProjection.objects.exists()


@pytest.mark.django_db
def test_a_single_essay_is_completed_as_it_is():
    """P-28"""
    one = driving.run(batch(1))
    assert (one.status, one.stop_reason) == ("COMPLETED", "insufficient_essays")
    assert (one.submitted, one.progress) == (0, 1.0)
    (row,) = GradeProjection.objects.all()
    assert (row.score, row.rank, row.grade, row.comparisons) == (0.0, 1, None, 0)
    assert "insufficient_essays" in codes(one)


@pytest.mark.django_db
def test_one_student_is_graded_by_the_anchors():
    """P-29"""
    one = driving.run(batch(1, 6, slope=40.0))
    assert one.status == "COMPLETED" and one.completed > 0
    student = GradeProjection.objects.get(essay__role="student")
    assert student.rank == 1
    assert student.grade in one.grade_scale
    assert student.comparisons > 0


@pytest.mark.django_db
def test_only_anchors_that_may_not_meet_end_as_insufficient():
    one = driving.run(batch(0, 3, overrides={"compare_anchors": False}))
    assert (one.status, one.stop_reason) == ("COMPLETED", "insufficient_essays")


@pytest.mark.django_db
def test_anchors_keep_their_known_grade_and_have_no_rank():
    """P-61, P-55: even when the judge puts them upside down."""
    one = driving.run(batch(4, 6, slope=-40.0))
    assert one.status == "COMPLETED"
    for row in GradeProjection.objects.filter(essay__role="anchor").select_related("essay"):
        assert row.grade == row.essay.known_grade != ""
        assert row.rank is None
    assert "anchors_out_of_order" in codes(one)


@pytest.mark.django_db
@pytest.mark.parametrize("anchors", [0, 1])
def test_fewer_than_two_anchor_grades_give_no_grade(anchors):
    """P-62"""
    one = driving.run(batch(5, anchors))
    for row in GradeProjection.objects.filter(essay__role="student"):
        assert (row.grade, row.grade_probabilities, row.grade_confidence) == (None, None, "")
        assert row.rank is not None
    assert "no_grades" in codes(one)


@pytest.mark.django_db
def test_ranks_are_those_of_the_students_alone():
    """P-62"""
    driving.run(batch(6, 6))
    rows = GradeProjection.objects.filter(essay__role="student").order_by("-score")
    assert sorted(row.rank for row in rows) == [1, 2, 3, 4, 5, 6]
    assert [row.rank for row in rows] == [1, 2, 3, 4, 5, 6]


def test_equal_scores_share_the_better_rank():
    """P-62"""
    ranks = student_ranks({0: 1.0, 1: 0.5, 2: 0.5, 3: -2.0, 4: -2.0, 5: -3.0})
    assert ranks == {0: 1, 1: 2, 2: 2, 3: 4, 4: 4, 5: 6}
    assert student_ranks({}) == {}
    noise = student_ranks({0: 0.5, 1: 0.5 + 1e-12, 2: 0.5 - 1e-12, 3: 0.4})
    assert noise == {0: 1, 1: 1, 2: 1, 3: 4}


@pytest.mark.django_db
def test_counts_in_the_result_are_those_of_the_rows():
    """P-63, P-64, P-51"""
    one = driving.run(batch(8, 3, max_comparisons_override=40))
    rows = GradeProjection.objects.select_related("essay")
    assert sum(row.comparisons for row in rows) == 2 * one.completed
    assert sum(row.wins for row in rows) == one.completed
    for row in rows:
        met = one.pairs.filter(essay_a=row.essay) | one.pairs.filter(essay_b=row.essay)
        assert row.comparisons == met.filter(status="succeeded").count()
        assert row.se > 0


@pytest.mark.django_db
def test_a_mock_run_says_so():
    one = driving.run(batch(4))
    assert one.mock and "mock_run" in codes(one)


@pytest.mark.django_db
def test_contradictions_give_no_reliability(monkeypatch):
    """A judge that always names the first text shows nothing, and no number may say otherwise."""
    judges.put_in(monkeypatch)
    one = driving.run(batch(6, overrides={"judgements_per_pair": 2}))
    assert one.result["measurement"]["reliability"] is None
    assert one.result["measurement"]["reliability_reason"]
    assert "no_reliability" in codes(one)


@pytest.mark.django_db
def test_one_text_in_two_batches_keeps_its_first_result():
    """P-47"""
    first = driving.run(batch(4))
    before = list(GradeProjection.objects.values())
    driving.run(batch(4, slope=-4.0, overrides={"seed": 8}))
    assert list(GradeProjection.objects.filter(essay__batch=first).order_by("pk").values()) == (
        sorted(before, key=lambda row: row["id"])
    )
