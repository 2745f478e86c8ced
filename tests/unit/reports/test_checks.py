"""How far the verdicts agree is told in words, and runs recorded before it still have a report."""

from typing import Any

import pytest

from assessment.reports import checks, tables
from assessment.reports.csv_exports import results_csv
from assessment.reports.rendering import render_report
from assessment.reports.schema import RunDocumentError, validate_run
from tests.unit.reports.documents import CHECKS, run_document, without_checks
from tests.unit.reports.pages import Page

HEADINGS = ("How consistent the verdicts are", "Essays worth a second look", "Grade by the others")


def words_of(document: dict[str, Any]) -> str:
    validate_run(document)
    return " ".join(Page(render_report(document)).words.split())


def test_it_explains_each_figure_where_it_stands() -> None:
    words = words_of(run_document())
    for part in (
        *HEADINGS,
        "40 pairs were shown in both orders; in 85 % of them the same text won both times",
        "4 % of 1 240 groups of three",
        "no, look at its verdicts",
        "contradict each other more than those about most essays (infit 2.10)",
        "two essays taken at random are about 1.1 times as far apart",
        "Too high where pairs were chosen by score",
        "chance how often such a verdict is to be expected",
    ):
        assert part in words


def test_no_tool_s_figure_stands_in_for_a_reliability_that_is_not_shown() -> None:
    """Other tools' figures look good on coin tosses too."""
    document = run_document()
    document["measurement"]["reliability"] = None
    assert [row["name"] for row in checks.field_rows(document)] == ["Sigma"]


def test_a_run_recorded_before_these_figures_still_has_its_report() -> None:
    document = without_checks(run_document())
    words = words_of(document)
    for part in HEADINGS[1:]:
        assert part not in words
    assert "The most surprising verdicts" in words and "chance <" not in words
    assert "None" not in words
    assert results_csv(document).count("\r\n") == 34


@pytest.mark.parametrize("missing", CHECKS)
def test_any_of_the_figures_may_be_missing(missing: str) -> None:
    document = run_document()
    del document["measurement"][missing]
    assert "None" not in words_of(document)


@pytest.mark.parametrize("key", ["order_agreement", "triads", "split_half", "split_half_by_judges"])
def test_a_figure_that_could_not_be_had_is_left_out(key: str) -> None:
    document = run_document()
    document["measurement"][key] = None
    assert "None" not in words_of(document)


def test_a_lone_judge_is_not_said_to_agree_with_anybody() -> None:
    document = run_document()
    document["measurement"]["judges"] = [
        {**document["measurement"]["judges"][0], "agreement": None, "expected_agreement": None}
    ]
    words = words_of(document)
    assert "that the other judges put higher" not in words
    assert "Like the others?" not in words


def test_what_was_too_large_to_work_out_is_said() -> None:
    document = run_document()
    document["measurement"].update(triads=None, split_half=None)
    document["measurement"]["not_computed"] = ["circular triads", "split half"]
    assert "Not worked out for so many comparisons: circular triads, split half." in words_of(
        document
    )


def test_a_boundary_alone_is_no_reason_for_a_second_look() -> None:
    document = run_document()
    for result in document["results"]:
        result["review"] = ["near_boundary"]
    assert checks.review_rows(document) == []
    document["results"][3]["review"] = ["few_comparisons", "near_boundary"]
    (row,) = checks.review_rows(document)
    assert row["reasons"].startswith("few comparisons (")


def test_the_rest_of_a_long_list_is_counted() -> None:
    document = run_document()
    for result in document["results"][:20]:
        result["review"] = ["misfit"]
    for result in document["results"][20:]:
        result["review"] = []
    assert len(checks.review_rows(document)) == checks.MOST_REVIEWS
    assert checks.review_words(document).startswith("8 more are marked")


def test_surprising_verdicts_are_those_recorded_least_chance_first() -> None:
    document = run_document()
    recorded = document["measurement"]["surprises"]
    rows = tables.surprise_rows(document)
    assert [row["winner"] for row in rows] == [row["winner"] for row in recorded[: len(rows)]]
    document["measurement"]["surprises"] = []
    assert tables.surprise_rows(document) == []


def test_an_anchor_far_off_says_how_far() -> None:
    document = run_document()
    document["measurement"]["anchor_checks"][1].update(projected_grade="C", steps=2)
    document["measurement"]["anchor_checks"][2].update(projected_grade="F", steps=-1)
    told = list(checks.anchor_checks(document).values())
    assert told[:3] == ["\u2013", "C, 2 steps higher", "F, 1 step lower"]


@pytest.mark.parametrize(
    ("key", "field"), [("anchor_checks", "essay"), ("surprises", "winner"), ("surprises", "loser")]
)
def test_a_name_that_leads_nowhere_is_a_fault(key: str, field: str) -> None:
    document = run_document()
    document["measurement"][key][0][field] = "who.txt"
    with pytest.raises(RunDocumentError) as caught:
        validate_run(document)
    assert caught.value.path == f"$.measurement.{key}[0].{field}"


def test_the_table_of_results_has_misfit_and_reasons() -> None:
    lines = results_csv(run_document()).splitlines()
    assert "infit,outfit,eps_theta,eps_se,component,review" in lines[0]
    assert "misfit near_boundary" in results_csv(run_document()) or ",misfit," in lines[1]


def test_anchors_out_of_order_by_chance_are_marked_but_raise_no_warning() -> None:
    """P-54, P-56"""
    document = run_document()
    pair = {"higher_grade_essay": "anchor_003_E.txt", "lower_grade_essay": "anchor_001_F.txt"}
    document["measurement"]["anchor_inversions"] = [{**pair, "gap": 0.1, "z": 0.4}]
    words = words_of(document)
    assert "above anchor_003_E.txt, which has a higher grade (may be chance)" in words
    assert "Anchors out of order" not in words
    document["measurement"]["anchor_inversions"] = [{**pair, "gap": 1.1, "z": 2.6}]
    words = words_of(document)
    assert "Anchors out of order" in words
    assert "may be chance" not in words
