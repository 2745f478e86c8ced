"""A run without scores is told as that: no cause is named that is not the cause."""

from typing import Any

import pytest

from assessment.reports.rendering import render_report
from tests.unit.reports.documents import run_document
from tests.unit.reports.pages import Page

UNTRUE = ("takes anchors", "Few comparisons", "worked out anew", "In order?", "out of the scores")


def unscored(status: str, *, completed: int, failed: int = 6) -> dict[str, Any]:
    document = run_document(students=4, anchors=2, waves=1, mock=False)
    document["batch"].update(status=status, stop_reason=None, completed=completed, failed=failed)
    document["waves"][0].update(reliability=None, scores={})
    document["measurement"].update(
        reliability=None, reliability_reason="not measured yet", anchor_inversions=[]
    )
    for row in document["results"]:
        row.update(score=None, se=None, rank=None, grade=None, comparisons=0, beyond=None)
    return document


@pytest.mark.parametrize(
    ("status", "completed", "words"),
    [
        ("FAILED", 0, "Nothing was judged, so there are no scores and no grades."),
        ("CANCELLED", 0, "Nothing was judged, so there are no scores and no grades."),
        ("COMPARING", 0, "Nothing has been judged yet, so there are no scores and no grades."),
        ("FAILED", 3, "The run failed before scores were worked out, so there are none"),
        ("CANCELLED", 3, "The run was cancelled before scores were worked out"),
        ("COMPARING", 3, "they are worked out at the end of the run"),
    ],
)
def test_it_says_why_there_are_no_scores(status: str, completed: int, words: str) -> None:
    shown = Page(render_report(unscored(status, completed=completed))).words
    assert shown.count(words) == 2  # where the results would be, and for the reliability
    assert not [untrue for untrue in (*UNTRUE, "not measured yet") if untrue in shown]


def test_it_shows_what_was_wrong_with_a_failed_run() -> None:
    document = unscored("FAILED", completed=0)
    document["batch"]["failure"] = "anthropic does not accept the key <b>"
    html = render_report(document)
    assert "anthropic does not accept the key <b>" in Page(html).words
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("per_request", "Each held one comparison."),
        ("serial_bundle", "Many comparisons shared each call."),
        ("provider_batch_api", "sent as jobs of the provider's batch service."),
    ],
)
def test_it_says_how_comparisons_were_called_for(mode: str, words: str) -> None:
    document = run_document()
    document["batch"]["llm_batching_mode"] = mode
    assert words in Page(render_report(document)).words
