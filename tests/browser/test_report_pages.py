"""The report in a real browser: readable on a desk, on a phone and on paper, and silent."""

import io

import pytest
from pypdf import PdfReader

from assessment.reports.rendering import render_report
from tests.browser import chromium
from tests.unit.reports.documents import renamed, run_document

pytestmark = pytest.mark.browser

ESSAYS = {"33 essays": (24, 9), "200 essays": (180, 20)}


def report(essays: str = "33 essays") -> str:
    students, anchors = ESSAYS[essays]
    return render_report(run_document(students=students, anchors=anchors))


def test_it_is_not_blank() -> None:
    blank = "<!DOCTYPE html><title>blank</title>"
    assert chromium.distinct_lines(blank) < 5
    assert chromium.distinct_lines(report()) > 500


@pytest.mark.parametrize("essays", ESSAYS)
@pytest.mark.parametrize("width", [1200, 390, 320])
def test_it_never_scrolls_sideways(essays: str, width: int) -> None:
    found = chromium.measured(report(essays), width)
    assert found["width"] == width
    assert found["needed"] == width
    assert found["left"] >= 0
    assert found["right"] <= width


def test_long_names_and_grades_do_not_push_it_wide() -> None:
    long = "ett_mycket_långt_filnamn_utan_mellanslag_" * 3
    document = renamed(run_document(), long)
    document["run"]["label"] = long
    for result in document["results"]:
        result["grade"] = "godkänd-med-beröm"
    found = chromium.measured(render_report(document), 390)
    assert found["needed"] == 390
    assert found["left"] >= 0
    assert found["right"] <= 390


def test_it_asks_no_host_for_anything() -> None:
    control = '<!DOCTYPE html><title>x</title><img src="http://essay.invalid/x.png">'
    assert chromium.requested(control) == ["http://essay.invalid/x.png"]
    assert chromium.requested(report()) == []


@pytest.mark.parametrize("policy", [True, False], ids=["with its policy", "by escaping alone"])
def test_planted_scripts_do_not_run(policy: bool) -> None:
    deed = "parent.owned = true"
    attack = f"</title></style></desc><script>{deed}</script><img src=x onerror='{deed}'>"
    control = chromium.measured(f"<!DOCTYPE html><p>{attack}</p><svg><text>x</text></svg>", 390)
    assert control["owned"]
    document = renamed(run_document(), attack)
    document["run"]["label"] = attack
    for row in document["comparisons"]:
        row["justification"] = attack
    page = render_report(document)
    if not policy:
        page = page.replace("Content-Security-Policy", "x-no-policy")
    found = chromium.measured(page, 390)
    assert not found["owned"]
    assert found["title"].startswith("</title></style>")


@pytest.mark.parametrize(("essays", "most"), [("33 essays", 10), ("200 essays", 25)])
def test_it_prints_whole(essays: str, most: int) -> None:
    pages = PdfReader(io.BytesIO(chromium.printed(report(essays)))).pages
    words = " ".join(page.extract_text() for page in pages)
    assert len(pages) <= most
    for heading in (
        "The ranking",
        "Results of the students",
        "Anchors",
        "How consistent the verdicts are",
        "Calls and cost",
    ):
        assert heading in words
    assert f"student_{ESSAYS[essays][0]:03}" in words
