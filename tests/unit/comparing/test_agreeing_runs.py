"""Figures of two runs on the same essays, against counts by hand."""

import copy
import json
import math
from typing import Any

import pytest

from assessment.comparing.documents import comparison_document
from assessment.comparing.positions import same_share
from assessment.comparing.rankings import BY_CHANCE
from assessment.comparing.run_pairs import RunPair, run_pair
from assessment.comparing.shares import Share
from assessment.comparing.tables import sections
from tests.unit.reports.documents import renamed, run_document

OTHER_WAY = {"essay_a": "essay_b", "essay_b": "essay_a"}


def all_words(found: RunPair) -> str:
    return "\n".join(words for section in sections(found) for words in section.words)


def cells(found: RunPair, name: str) -> tuple[str, ...]:
    """What stands in the row of this name."""
    (row,) = (row for section in sections(found) for row in section.rows if row[0] == name)
    return tuple(cell.replace("\u00a0", " ") for cell in row[1:])


@pytest.fixture
def one() -> dict[str, Any]:
    document = run_document(students=8, anchors=3, waves=6)
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
    assert (found.everybody.n, found.students.n) == (11, 8)
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


def test_two_runs_without_a_verdict_do_not_agree_in_them(one, other) -> None:
    for document in (one, other):
        document["batch"]["status"] = "FAILED"
        for row in document["comparisons"]:
            row |= {"winner": None, "error": {"error_type": "outage", "attempts": 0}}
        for row in document["results"]:
            row |= {"score": None, "se": None, "rank": None, "grade": None}
    found = run_pair(one, other)
    told = comparison_document(found)
    assert (
        told["verdicts"]["same_comparisons"] is None and told["verdicts"]["same_verdicts"] is None
    )
    assert told["rank_agreement"]["same_ranks"] is None
    assert told["scores"]["more_than_2_standard_errors_apart"] is None
    words = all_words(found)
    assert "Neither run has a verdict." in words and "same winners" not in words
    assert "Neither run has ranks of the students." in words and "not all the same" not in words
    assert cells(found, "more than 2 standard errors apart")[1] == "–"
    for row, judged in zip(one["comparisons"], judged_rows(), strict=True):
        row |= judged
    found = run_pair(one, other)
    assert found.verdicts.same_verdicts is None
    assert "The second run has no verdict." in all_words(found)


def judged_rows() -> list[dict[str, Any]]:
    rows = run_document(students=8, anchors=3, waves=6)["comparisons"]
    return [{"winner": row["winner"], "error": row["error"]} for row in rows]


def test_ranks_are_the_same_only_where_every_student_has_one(one, other) -> None:
    (first,) = (row for row in other["results"] if row["rank"] == 8)
    first |= {"score": None, "se": None, "rank": None, "grade": None}
    found = run_pair(one, other)
    assert found.students.n == 7 and found.students.tau_b.value == pytest.approx(1.0)
    assert found.same_ranks is False
    assert "not all the same" in all_words(found)


def test_few_essays_have_no_interval_and_no_width_is_none(one, other) -> None:
    """Measured: at 8 essays a 95 % bootstrap of tau holds the truth in 68 of 100 samples."""
    few = run_pair(one, other)
    assert few.students.n == 8 and few.students.tau_b.low is None
    assert cells(few, "Kendall's tau-b, students") == ("8", "1.00", "–")
    assert "fewer than 12 essays" in all_words(few)
    told = comparison_document(few)["rank_agreement"]["students"]["tau_b"]
    assert (told["low"], told["high"], told["interval"]) == (None, None, None)
    alike = run_document(students=14, anchors=0, waves=6)
    again = copy.deepcopy(alike)
    assert run_pair(alike, again).students.spearman.low is None  # 1.00 to 1.00, if at all
    scores = sorted(row["score"] for row in again["results"])
    for row, score in zip(again["results"], scores, strict=True):
        row["score"] = row["score"] + 0.4 * (score - row["score"])
    many = run_pair(alike, again).students
    assert many.tau_b.low is not None and many.tau_b.high is not None
    assert many.tau_b.low < many.tau_b.value < many.tau_b.high
    assert "fewer than 12 essays" not in all_words(run_pair(alike, again))


def test_a_share_of_grades_has_wilsons_interval(one, other) -> None:
    """Also where all are the same: 8 of 8 is no proof."""
    found = run_pair(one, other)
    assert found.grades is not None and found.grades.exact.interval == Share(8, 8).interval
    told = comparison_document(found)["grades"]["same"]
    assert told["low"] == pytest.approx(0.6756, abs=1e-4) and told["interval"] == "95 % Wilson"
    labels = one["inputs"]["grade_scale"]
    student = next(row for row in other["results"] if row["role"] == "student")
    place = labels.index(student["grade"])
    student["grade"] = labels[place + 2 if place < 3 else place - 2]
    found = run_pair(one, other)
    assert (found.grades.exact.hits, found.grades.adjacent.hits) == (7, 7)
    student["grade"] = labels[place + 1 if place < 3 else place - 1]
    found = run_pair(one, other)
    assert (found.grades.exact.hits, found.grades.adjacent.hits) == (7, 8)


def test_chance_is_told_as_a_bound(one, other) -> None:
    """Measured on independent runs: 0.58 to 0.72 standard errors, 0.3 to 2.2 % beyond two."""
    words = all_words(run_pair(one, other))
    assert "at most 0.80 standard errors apart" in words and "at most 1 essay in 20" in words
    assert "at_most_by_chance" in comparison_document(run_pair(one, other))["scores"]


def test_noise_of_the_fit_is_no_order_and_no_difference(one, other) -> None:
    for place, row in enumerate(sorted(one["results"], key=lambda row: row["essay"])):
        row["score"] = float(place // 2)
    for place, row in enumerate(sorted(other["results"], key=lambda row: row["essay"])):
        row["score"] = float(place // 2) + (-1) ** place * 1e-12
    found = run_pair(one, other)
    assert found.everybody.tau_b.value == pytest.approx(1.0)
    assert "Furthest apart" not in all_words(found)
    other["results"][0]["score"] += 0.001
    assert "Furthest apart" not in all_words(run_pair(one, other))  # the same, as it is told
    other["results"][0]["score"] += 0.1
    assert "Furthest apart" in all_words(run_pair(one, other))


def test_what_was_asked_again_is_counted_over_bundles(one, other) -> None:
    """The source documents' validation: in a bundle an unusable answer is no failed call."""
    calls = [{**other["calls"][1], "error_type": None, "items": 7} for _ in range(3)]
    other["calls"] = calls
    rows = other["comparisons"][:20]
    rows[0] |= {"winner": None, "error": {"error_type": "expired", "attempts": 0}}  # never sent
    other["comparisons"] = rows
    found = run_pair(one, other).efforts[1]
    assert (found.sendings, found.again) == (21, 2)
    assert cells(run_pair(one, other), "comparisons asked again")[1] == "2 (9.5 %)"
    other["calls"] = calls[:1]  # such a document tells less than it should
    assert run_pair(one, other).efforts[1].again is None


def test_what_is_not_billed_yet_bounds_the_cost(one, other) -> None:
    judged = other["batch"]["completed"]
    other["cost"] |= {"usd": 2.0, "unanswered_calls": 3, "unanswered_at_most_usd": 0.5}
    found = run_pair(one, other)
    assert cells(found, "cost")[1] == "USD 2.00 to USD 2.50"
    low, high = (f"USD {usd / judged:.2f}" for usd in (2.0, 2.5))
    assert low != high and cells(found, "cost per comparison")[1] == f"{low} to {high}"
    assert "without an answer" in all_words(found) and "No price" not in all_words(found)
    told = comparison_document(found)["efforts"][1]
    assert (told["usd"], told["usd_at_most"], told["unanswered_calls"]) == (2.0, 2.5, 3)
    assert told["per_comparison"]["usd_at_most"] == pytest.approx(2.5 / judged)
    other["cost"]["unpriced_calls"] = 1
    found = run_pair(one, other)
    assert cells(found, "cost")[1] == "over USD 2.00"
    assert cells(found, "cost per comparison")[1] == "–"
    assert comparison_document(found)["efforts"][1]["per_comparison"]["usd"] is None
    other["cost"]["usd"] = None
    assert cells(run_pair(one, other), "cost")[1] == "unknown"


def test_a_wave_that_is_gone_is_seen_in_the_number_of_the_last(one, other) -> None:
    del other["waves"][2]
    found = run_pair(one, other)
    (waves,) = (tally for tally in found.tallies[1] if tally.name.startswith("waves"))
    assert (waves.logged, waves.counted, waves.agree) == (6, 5, False)
    assert "DATABASE_URL" in all_words(found)


def test_judges_are_named_as_everywhere(one, other) -> None:
    for document in (one, other):
        del document["settings"]["judges"]
    one["batch"]["judges"] = [{"provider": "anthropic", "model": "m1"}]
    other["batch"]["judges"] = [
        {"provider": "anthropic", "model": "m1"},
        {"provider": "openai", "model": "m2"},
    ]
    (differs,) = (each for each in run_pair(one, other).configuration if each.name == "judges")
    assert differs.words == ("anthropic:m1", "anthropic:m1, openai:m2")


def test_reasoning_is_told_as_a_part_of_the_output(one, other) -> None:
    (efforts,) = (each for each in sections(run_pair(one, other)) if each.title == "What it took")
    names = [row[0] for row in efforts.rows]
    assert names[names.index("of these, reasoning") - 1] == "output tokens"


def test_failed_comparisons_are_said_to_be_left_out_of_the_places(one, other) -> None:
    (places,) = (each for each in sections(run_pair(one, other)) if each.title == "Places")
    assert "failed are left out" in places.words[0]
    seen = sum(not row["error"] for row in one["comparisons"])
    found = run_pair(one, other).positions[0]
    assert seen < len(one["comparisons"])
    assert sum(first for first, _ in found.places.values()) == seen


def test_a_run_without_scores_is_compared_as_far_as_it_goes(one, other) -> None:
    other["batch"]["status"], other["batch"]["stop_reason"] = "FAILED", "low_success_rate"
    for row in other["results"]:
        row |= {"score": None, "se": None, "rank": None, "grade": None}
    found = run_pair(one, other)
    assert found.students.n == 0 and found.students.tau_b.value is None and not found.same_ranks
    assert found.grades is None and found.verdicts.same_verdicts
    assert found.same_ranks is None and found.scores.far is None
    words = all_words(found)
    assert "The second run has no ranks of the students." in words
    json.dumps(comparison_document(found), allow_nan=False)
    assert sections(found)
