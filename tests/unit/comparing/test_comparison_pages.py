"""The page of a comparison: whole in itself, and safe whatever the files are called."""

import copy

from assessment.comparing.run_pairs import run_pair
from assessment.reports.comparison_pages import render_comparison
from tests.unit.reports.documents import renamed, run_document

HOSTILE = '<script>alert(1)</script>&"'


def test_the_page_holds_picture_and_tables_and_fetches_nothing() -> None:
    one = run_document(students=6, anchors=3, waves=2)
    page = render_comparison(run_pair(one, copy.deepcopy(one)))
    assert page.count("<circle") == 6 and page.count('d="M0-6') == 3  # students and anchors
    assert "Winners of the same pairs" in page
    assert "<script" not in page and "src=" not in page and "url(" not in page
    assert "default-src 'none'" in page and "Mock run" in page


def test_hostile_names_and_labels_are_words() -> None:
    one = renamed(run_document(students=4, anchors=0, waves=2), HOSTILE)
    other = copy.deepcopy(one)
    other["run"]["label"] = HOSTILE
    other["results"][0]["score"] += 1
    page = render_comparison(run_pair(one, other))
    assert "<script" not in page and "&lt;script&gt;" in page
