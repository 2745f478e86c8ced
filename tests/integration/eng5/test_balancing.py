"""`eng5 balance`: whether any essay, or the anchors, had the better place."""

import pytest

from assessment.models import ComparisonPair, Wave
from tests.integration.assessment.essays import batch
from tests.integration.eng5.runner import eng5, eng5_here
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db(transaction=True)


# Of a batch with four students and four anchors; the anchors come first in a batch.
ANCHORS_FIRST = [(anchor, student) for anchor in range(4) for student in range(4, 8)]


def paired(one, orders, status="succeeded") -> None:
    """Comparisons of the batch in these orders of essay positions, all of one status."""
    essays = list(one.essays.order_by("position"))
    wave, _ = Wave.objects.get_or_create(
        batch=one, number=1, defaults={"kind": "coverage", "size": len(orders)}
    )
    ComparisonPair.objects.bulk_create(
        ComparisonPair(
            batch=one,
            wave=wave,
            essay_a=essays[first],
            essay_b=essays[second],
            judge=0,
            status=status,
            winner="essay_a" if status == "succeeded" else "",
            error={"retryable": False} if status == "failed" else None,
            provider="mock",
            model="m",
        )
        for first, second in orders
    )


def test_it_counts_who_was_first_and_finds_anchors_that_always_were(capsys) -> None:
    one = batch(4, 4, label="spring")
    paired(one, ANCHORS_FIRST)
    told = eng5_here(capsys, "balance", "spring", "--json").succeeded().json
    assert (told["comparisons"], told["worst_difference"]) == (16, 4)
    anchors = told["anchors_against_students"]
    assert (anchors["comparisons"], anchors["anchor_first"]) == (16, 16)
    assert anchors["test"]["chi_square"] == pytest.approx(16.0)
    assert anchors["test"]["df"] == 1
    assert anchors["test"]["p"] < 0.001
    assert told["overall"]["df"] == 7
    counts = {row["essay"]: (row["essay_a_count"], row["essay_b_count"]) for row in told["essays"]}
    assert counts["anchor_000"] == (4, 0)
    assert counts["student_000"] == (0, 4)


def test_it_says_what_the_figures_mean(capsys) -> None:
    one = batch(4, 4)
    paired(one, ANCHORS_FIRST)
    ended = eng5_here(capsys, "balance", one.pk).succeeded()
    assert "the anchor was shown first in 16 of 16 comparisons" in ended.out
    assert "more uneven than chance would make it" in ended.out
    assert "1 degree of freedom, p < 0.001" in ended.out
    assert "differ by more than 4" in ended.out
    assert ended.err == ""


def test_it_leaves_out_what_no_judge_has_seen(capsys) -> None:
    """As the pair generator does: failed and withdrawn pairs do not count, pending ones do."""
    one = batch(4)
    paired(one, [(0, 1)])
    paired(one, [(2, 3)], "pending")
    paired(one, [(0, 2)], "failed")
    paired(one, [(0, 3)], "withdrawn")
    told = eng5_here(capsys, "balance", one.pk, "--json").succeeded().json
    assert told["comparisons"] == 2
    assert told["worst_difference"] == 1
    assert told["anchors_against_students"] == {"comparisons": 0, "anchor_first": 0, "test": None}


def test_a_running_batch_is_balanced_at_every_look(capsys) -> None:
    one = driving.started(batch(8, 3))
    told = eng5_here(capsys, "balance", one.pk, "--json").succeeded().json
    assert told["status"] == "COMPARING"
    assert told["comparisons"] == one.submitted > 0
    assert told["worst_difference"] <= 2


def test_a_batch_without_comparisons_has_nothing_to_test(capsys) -> None:
    one = batch(4)
    ended = eng5_here(capsys, "balance", one.pk).succeeded()
    assert "No comparison was made yet" in ended.out
    assert eng5_here(capsys, "balance", one.pk, "--json").json["overall"] is None


def test_an_unknown_batch_is_bad_usage(capsys) -> None:
    ended = eng5_here(capsys, "balance", "nowhere")
    assert ended.code == 2
    assert "no batch 'nowhere'" in ended.err


def test_the_report_says_the_same(sample_run) -> None:
    """One function counts for both."""
    ended = eng5(sample_run.data_dir, "balance", "samples").succeeded()
    report = (sample_run.output / "report.html").read_text(encoding="utf-8")
    judgement = next(line for line in ended.out.splitlines() if line.startswith("Over all essays"))
    assert judgement.replace(">", "&gt;").replace("<", "&lt;") in report
    told = eng5(sample_run.data_dir, "balance", "samples", "--json").succeeded().json
    counts = {
        row["essay"]: (row["essay_a_count"], row["essay_b_count"])
        for row in sample_run.document["results"]
    }
    assert counts == {
        row["essay"]: (row["essay_a_count"], row["essay_b_count"]) for row in told["essays"]
    }
