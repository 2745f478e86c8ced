"""Codes become words that a teacher understands."""

import pytest

from assessment.reports import summaries
from tests.unit.reports.documents import run_document

STOP_REASONS = [
    "cost_cap",
    "provider_outage",
    "low_success_rate",
    "coverage_complete",
    "budget_exhausted",
    "pairs_exhausted",
    "single_wave",
    "stable",
    "reliability_reached",
    "max_iterations",
    "single_iteration",
    "insufficient_essays",
    "forced_recovery",
    "stuck_timeout",
]


@pytest.mark.parametrize("code", STOP_REASONS)
def test_it_words_every_reason_to_stop(code: str) -> None:
    """The stored stop reason is shown, in words of its own (P-14)."""
    assert summaries.STOP_REASONS[code].endswith(".")
    assert "_" not in summaries.STOP_REASONS[code]


def test_no_two_reasons_to_stop_read_alike() -> None:
    assert len(set(summaries.STOP_REASONS.values())) == len(STOP_REASONS)


@pytest.mark.parametrize("decision", ["request_more", "REQUEST_MORE"])
def test_it_words_decisions_in_either_case(decision: str) -> None:
    assert summaries.worded(summaries.DECISIONS, decision) == "Go on"


def test_it_shows_a_code_without_words_as_it_is() -> None:
    assert summaries.worded(summaries.DECISIONS, "SOMETHING_NEW") == "SOMETHING_NEW"


def test_it_warns_of_few_comparisons() -> None:
    told = summaries.warnings_of(run_document(waves=2, mock=False))
    assert any(words.startswith("Few comparisons: 3.9 per essay") for words in told)


def test_it_warns_of_groups_that_never_met() -> None:
    """Disconnected data are flagged, never silently on one scale (P-52)."""
    document = run_document(mock=False)
    document["measurement"]["components"] = 2
    assert any("2 groups that were never compared" in w for w in summaries.warnings_of(document))


def test_it_does_not_say_twice_what_the_document_says() -> None:
    document = run_document(mock=True)
    document["warnings"] = [{"code": "mock_run", "message": "This was a mock."}]
    told = summaries.warnings_of(document)
    assert told[0] == "This was a mock."
    assert not any("simulation" in words for words in told)


def test_a_healthy_run_has_no_warnings() -> None:
    """A healthy net is not flagged (P-54)."""
    document = run_document(mock=False)
    document["batch"]["failed"] = 0
    assert summaries.warnings_of(document) == []


@pytest.mark.parametrize(
    ("gamma", "se", "words"),
    [
        (0.41, 0.1, "the one shown first would win 60"),
        (-0.41, 0.1, "the one shown second would win 60"),
        (0.1, 0.1, "No clear advantage"),
        (0.1, None, "No clear advantage"),
    ],
)
def test_it_says_what_being_shown_first_does(gamma: float, se: float | None, words: str) -> None:
    assert words in summaries.position_words({"position_effect": {"gamma": gamma, "se": se}})
