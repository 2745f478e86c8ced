"""File names, justifications and every other word of a run are hostile input to the report."""

from typing import Any

import pytest

from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run
from tests.unit.reports.documents import renamed, run_document
from tests.unit.reports.pages import Page

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title></style></desc></svg><script>alert(1)</script>",
    "<!-- <![CDATA[ {{ label }} {% debug %} &lt;script&gt;",
    "javascript:alert(1)",
]
FREE_KEYS = {
    "label",
    "command",
    "message",
    "justification",
    "provider",
    "model",
    "error_type",
    "reason",
    "stop_reason",
    "decision",
    "reliability_reason",
    "python",
    "seed",
    "pairing_strategy",
}


def planted(words: str) -> dict[str, Any]:
    """A run with `words` before each file name and behind each grade and free text it holds."""
    document = run_document(students=6, anchors=4, waves=3)
    document["warnings"] = [{"code": "x", "message": "Note"}]
    document["settings"]["seed"] = "1"
    hostile: dict[str, Any] = renamed(_grown(document, words), words)
    for source in (hostile["inputs"]["task"], hostile["inputs"]["rubric"]):
        source["name"] += words
    hostile["settings"][words] = words
    hostile["versions"][words] = words
    for boundary in hostile["measurement"]["boundaries"]:
        boundary["lower"] += words
        boundary["upper"] += words
    for result in hostile["results"]:
        result["grade"] += words
        result["grade_probabilities"] = {
            grade + words: share for grade, share in result["grade_probabilities"].items()
        }
    validate_run(hostile)
    return hostile


def _grown(value: Any, words: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _grown(inner, words, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_grown(inner, words, key) for inner in value]
    return value + words if isinstance(value, str) and key in FREE_KEYS else value


@pytest.mark.parametrize("attack", ATTACKS)
def test_it_shows_hostile_words_and_never_obeys_them(attack: str) -> None:
    page = Page(render_report(planted(attack)))
    assert page.all("script") == []
    assert attack in page.words
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_words_leave_the_page_as_it_was_built(attack: str) -> None:
    """The same elements with the same attributes as harmless words of the same kind give."""
    hostile, harmless = (Page(render_report(planted(words))) for words in (attack, " harmless"))
    assert hostile.shape() == harmless.shape()
    assert hostile.unbalanced == []


def test_it_forbids_scripts_and_fetching_in_the_page_itself() -> None:
    page = Page(render_report(run_document()))
    policy = next(
        attributes["content"]
        for attributes in page.all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_it_refers_to_nothing_outside_itself() -> None:
    html = render_report(run_document())
    page = Page(html)
    for reference in ("url(", "@import", "http:", "https:", "//"):
        assert reference not in html
    for tag, attributes in page.elements:
        assert "src" not in attributes, tag
        assert attributes.get("href", "data:,") == "data:,"


def test_it_survives_names_that_no_text_file_can_hold() -> None:
    """Lone surrogates (names that are not UTF-8), NUL, line breaks and writing direction."""
    html = render_report(planted("\udcff\x00\n\u202e.txt"))
    assert html.encode("utf-8")
    assert "\x00" not in html
