"""Figures of two runs on the same essays, against counts by hand."""

import copy
import json
import math
from typing import Any

import pytest

from assessment.comparing.documents import comparison_document
from assessment.comparing.positions import same_share
from assessment.comparing.rankings import BY_CHANCE
from assessment.comparing.run_pairs import run_pair
from assessment.comparing.tables import sections
from assessment.comparing.verdicts import Share
from tests.unit.reports.documents import renamed, run_document

OTHER_WAY = {"essay_a": "essay_b", "essay_b": "essay_a"}


@pytest.fixture
def one() -> dict[str, Any]:
    document = run_document(students=8, anchors=4, waves=6)
    document["waves"][-1]["successes"] = document["batch"]["completed"]
    return document


@pytest.fixture
def other(one) -> dict[str, Any]:
    return renamed(copy.deepcopy(one), "again_")


def test_a_run_that_was_repeated_agrees_in_everything(one, other) -> None:
    """Issue 8, item 7"""
    found = run_pair(one, other)
    assert found.configuration == [] and found.same_ranks
    assert found.verdicts.same_comparisons and found.verdicts.same_verdicts
    assert found.students.tau_b.value == pytest.approx(1.0)
    assert found.students.tau_b.low == pytest.approx(1.0)
    assert (found.everybody.n, found.students.n) == (12, 8)
    assert found.scores.mean == found.scores.mean_in_errors == found.scores.far == 0
    assert found.grades is not None and found.grades.exact.value == 1.0
    assert all(tally.agree for run in found.tallies for tally in run)


def test_an_unlike_winner_and_an_unlike_order_are_told_apart(one, other) -> None:
    judged = [row for row in other["comparisons"] if row["winner"]]
    seen = [frozenset((row["essay_a"], row["essay_b"])) for row in judged]
    turned, swapped = [row for row, p in zip(judged, seen, strict=True) if seen.count(p) == 1][:2]
    turned["winner"] = OTHER_WAY[turned["winner"]]
    swapped["essay_a"], swapped["essay_b"] = swapped["essay_b"], swapped["essay_a"]
    swapped["winner"] = OTHER_WAY[swapped["winner"]]  # the same essay wins
    found = run_pair(one, other).verdicts
    pairs = len(set(seen))
    assert found.pairs == (pairs, pairs) and found.shared.n == pairs
    assert not found.same_comparisons and not found.same_verdicts
    assert (found.other_order.hits, found.same_order.n - found.same_order.hits) >= (1, 1)


def test_differences_of_scores_are_in_standard_errors_of_a_difference(one, other) -> None:
    for document, shift in ((one, 0.0), (other, 0.5)):
        for row in document["results"]:
            row["se"], row["score"] = 0.3, row["score"] + shift
    found = run_pair(one, other).scores
    assert found.mean == pytest.approx(0.5)
    assert found.mean_in_errors == pytest.approx(0.5 / (0.3 * math.sqrt(2)))
    assert found.far == 0 and BY_CHANCE == pytest.approx(0.798, abs=1e-3)
    other["results"][0]["score"] += 1.0
    found = run_pair(one, other).scores
    assert found.far == 1 and found.largest is not None
    assert found.largest.name == one["results"][0]["essay"]


def test_what_was_set_up_differently_is_named_with_both_values(one, other) -> None:
    other["batch"]["llm_batching_mode"] = "per_request"
    other["settings"]["llm_config_overrides"] = {"temperature": 0.5}
    other["inputs"]["rubric"] = None
    other["inputs"]["files"][0]["known_grade"] = "E"
    other["versions"]["numpy"] = "2.4.0"
    found = {each.name: each.values for each in run_pair(one, other).configuration}
    assert found == {
        "llm_batching_mode": ("serial_bundle", "per_request"),
        "llm_config_overrides.temperature": (None, 0.5),
        "rubric (sha256)": (one["inputs"]["rubric"]["sha256"], None),
        "known grade of anchor_001_F.txt": ("F", "E"),
        "version of numpy": ("2.3.1", "2.4.0"),
    }
    other["versions"] = {}  # of a run without a folder nobody knows them
    names = {each.name for each in run_pair(one, other).configuration}
    assert "version of numpy" not in names and "version of python" not in names


def test_failures_are_shares_of_what_a_provider_was_asked(one, other) -> None:
    other["calls"][0]["error_type"] = "rate_limit"
    found = run_pair(one, other)
    calls = len(other["calls"])
    provider = other["calls"][0]["provider"]
    assert found.calls[1].rate((provider, "rate_limit")) == pytest.approx(1 / calls)
    failed = sum(row["error"] is not None for row in one["comparisons"])
    assert failed and found.comparisons[0].by_kind == {("mock", "timeout"): failed}


def test_a_counter_that_is_not_what_the_rows_come_to_is_shown(one, other) -> None:
    """The source documents' validation: logged completion against true counts."""
    other["batch"]["completed"] += 1
    found = run_pair(one, other, (None, {"completed": one["batch"]["completed"] + 1, "failed": 9}))
    off = {tally.name for tally in found.tallies[1] if not tally.agree}
    assert off == {
        "judged, by the batch's counter",
        "judged, by the event of its end",
        "failed, by the event of its end",
    }
    table = sections(found)[-1]
    assert [row[-1] for row in table.rows].count("NO") == 3 and "cj_doctor" in table.words[0]


def test_wilsons_interval_is_that_of_the_books() -> None:
    """Newcombe (1998), table I: 81 of 263, 0.2553 to 0.3662."""
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Share(0, 0).value is None and Share(0, 0).interval is None
    assert Share(10, 10).interval == pytest.approx((0.7225, 1.0), abs=5e-5)


def test_two_shares_are_tested_by_chi_square() -> None:
    found = same_share((30, 20), (50, 50))
    # 2 * (5^2 / 25 + 5^2 / 25)
    assert found is not None and found.chi_square == pytest.approx(4.0) and found.df == 1
    assert found.p == pytest.approx(0.0455, abs=1e-4)
    assert same_share((3, 2), (6, 6)) is None
    assert same_share((0, 0), (0, 40)) is None


def test_a_run_without_scores_is_compared_as_far_as_it_goes(one, other) -> None:
    other["batch"]["status"], other["batch"]["stop_reason"] = "FAILED", "low_success_rate"
    for row in other["results"]:
        row |= {"score": None, "se": None, "rank": None, "grade": None}
    found = run_pair(one, other)
    assert found.students.n == 0 and found.students.tau_b.value is None and not found.same_ranks
    assert found.grades is None and found.verdicts.same_verdicts
    json.dumps(comparison_document(found), allow_nan=False)
    assert sections(found)
