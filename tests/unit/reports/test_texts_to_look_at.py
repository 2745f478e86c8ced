"""Texts that may have been written to sway the judge are shown to a person, and explained."""

import pytest

from assessment.reports.csv_exports import RESULT_COLUMNS, results_csv
from assessment.reports.rendering import render_report
from assessment.reports.schema import RunDocumentError, validate_run
from assessment.reports.warning_signs import MOST_TEXTS, rest_words, sign_rows
from tests.unit.reports.documents import run_document
from tests.unit.reports.pages import Page

HEADING = "Texts for a person to look at"
SIGN = {"code": "orders_to_the_judge", "words": "speaks to the judge <b>", "count": 3}


def document_with(*places: int, **changes):
    document = run_document(**changes)
    for result in document["results"]:
        result["warning_signs"] = []
    for place in places:
        document["results"][place]["warning_signs"] = [SIGN, {**SIGN, "code": "other", "count": 1}]
    validate_run(document)
    return document


def words_of(document) -> str:
    return " ".join(Page(render_report(document)).words.split())


def test_they_are_named_with_what_was_found_and_how_often() -> None:
    document = document_with(0, 20)
    anchor, student = document["results"][0], document["results"][20]
    words = words_of(document)
    assert HEADING in words
    assert "speaks to the judge <b> (3 times)" in words
    assert [row["name"] for row in sign_rows(document)] == [student["essay"], anchor["essay"]]
    assert sign_rows(document)[0]["signs"][1]["times"] == "once"


def test_they_are_marked_in_the_tables_and_the_mark_is_explained() -> None:
    mark = "text for a person to look at"
    words = words_of(document_with(0, 20))
    assert words.count(mark) == 2
    assert "marks a text that a person should look at" in words


def test_a_run_without_such_texts_does_not_mention_them() -> None:
    """Nor does one recorded before they were looked for."""
    for document in (document_with(), run_document()):
        assert HEADING not in words_of(document)
        assert "marks a text" not in words_of(document)


def test_the_rest_of_a_long_list_is_counted() -> None:
    document = document_with(*range(MOST_TEXTS + 2), students=60)
    assert len(sign_rows(document)) == MOST_TEXTS
    assert rest_words(document).startswith("2 more are marked")
    assert rest_words(document) in words_of(document)


def test_the_table_of_results_has_their_codes() -> None:
    lines = results_csv(document_with(0)).splitlines()
    place = RESULT_COLUMNS.index("warning_signs")
    assert lines[1].split(",")[place] == "orders_to_the_judge other"
    assert lines[2].split(",")[place] == ""


@pytest.mark.parametrize("broken", [{"code": "x", "words": "y"}, {**SIGN, "count": 0}, "text"])
def test_a_sign_has_a_code_words_and_a_count(broken) -> None:
    document = run_document()
    document["results"][0]["warning_signs"] = [broken]
    with pytest.raises(RunDocumentError, match="warning_signs"):
        validate_run(document)
