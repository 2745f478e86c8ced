"""The warning of one text under several names, before anything is judged."""

from dataclasses import dataclass

from assessment.intake.forewarnings import forewarnings


@dataclass(frozen=True)
class Essay:
    name: str
    sha256: str
    text: str = "word " * 20
    role: str = "student"
    known_grade: str = ""


def same_text(essays, pairs=None):
    found = forewarnings(essays, comparisons=1_000, pairs=pairs)
    return {one["code"]: one["message"] for one in found}.get("same_text", "")


def test_it_names_every_group_of_copies():
    essays = [Essay(name, text) for name, text in zip("abcde", "vwvxw", strict=True)]
    assert ": a, c; b, e. They are not compared with each other" in same_text(essays)


def test_it_is_silent_where_all_differ():
    assert same_text([Essay(name, name) for name in "abc"]) == ""


def test_it_stays_short_for_a_whole_class_of_copies():
    message = same_text([Essay(f"essay {number}", "same") for number in range(10_000)])
    assert "essay 7 and 9992 more." in message
    assert len(message) < 400


def test_it_says_what_the_callers_own_pairs_of_copies_are_worth():
    essays = [Essay("a", "same"), Essay("b", "same")]
    assert "about their places alone" in same_text(essays, pairs=[[0, 1]])
