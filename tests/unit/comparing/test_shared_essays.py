"""Which runs can be compared: those of the same texts, in the same roles, that have ended."""

import copy

import pytest

from assessment.comparing.essays import NotComparable, shared_essays
from assessment.comparing.run_pairs import run_pair
from tests.unit.reports.documents import renamed, run_document

ONE = run_document(students=6, anchors=3, waves=2)


def test_texts_are_matched_by_hash_and_not_by_name() -> None:
    other = renamed(copy.deepcopy(ONE), "new_")
    other["inputs"]["files"].reverse()
    found = shared_essays(ONE, other)
    assert [essay.names for essay in found] == [
        (file["name"], f"new_{file['name']}") for file in ONE["inputs"]["files"]
    ]


def test_a_text_that_is_there_twice_is_matched_in_the_order_of_names() -> None:
    one, other = copy.deepcopy(ONE), renamed(copy.deepcopy(ONE), "x")
    for document in (one, other):
        files = document["inputs"]["files"]
        files[5]["sha256"] = files[6]["sha256"]
    pairs = [essay.names for essay in shared_essays(one, other)]
    assert all(theirs == f"x{mine}" for mine, theirs in pairs)


def test_a_missing_text_is_named() -> None:
    other = copy.deepcopy(ONE)
    other["inputs"]["files"][4]["sha256"] = "0" * 64
    with pytest.raises(NotComparable, match="student_002.txt.*only in the first"):
        shared_essays(ONE, other)


def test_a_text_in_another_role_is_refused() -> None:
    other = copy.deepcopy(ONE)
    other["inputs"]["files"][0]["role"] = "student"
    with pytest.raises(NotComparable, match="other roles: 1 of them"):
        shared_essays(ONE, other)


def test_a_run_that_goes_on_is_refused() -> None:
    other = copy.deepcopy(ONE)
    other["run"]["finished_at"] = None
    with pytest.raises(NotComparable, match="run 2 .* has not ended"):
        run_pair(ONE, other)
