"""What a batch cannot give, told before its first call."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from assessment.intake.forewarnings import CapForecast, forewarnings

LONG = "A sentence of seven words about schools. " * 5


@dataclass(frozen=True)
class Essay:
    name: str
    role: str = "student"
    known_grade: str = ""
    text: str = LONG

    @property
    def sha256(self) -> str:
        return self.name


def essays(students: int, *grades: str) -> list[Essay]:
    anchors = [Essay(f"anchor{place}", "anchor", grade) for place, grade in enumerate(grades)]
    return [*(Essay(f"s{number}") for number in range(students)), *anchors]


def told(given, comparisons=100, **more) -> dict[str, str]:
    return {
        one["code"]: one["message"] for one in forewarnings(given, comparisons=comparisons, **more)
    }


def test_a_sound_batch_is_told_nothing():
    assert told(essays(8, "C", "A"), comparisons=9) == {}
    assert told(essays(8)) == {}  # ranks are all that was asked for


@pytest.mark.parametrize(
    ("grades", "words"),
    [(["C"], "The only anchor has the grade C"), (["C"] * 3, "All 3 anchors have the grade C")],
)
def test_anchors_of_one_grade_give_no_grades(grades, words):
    assert words in told(essays(8, *grades))["no_grades"]


def test_too_few_comparisons_leave_groups():
    message = told(essays(24, *"ABCDEFABC"), comparisons=20)["disconnected_graph"]
    assert "33 essays in at least 13 groups" in message and "32 are needed" in message
    assert "disconnected_graph" not in told(essays(24, *"ABCDEFABC"), comparisons=32)


def test_named_pairs_may_leave_groups():
    pairs = [[0, 1], [1, 0], [2, 3]]
    assert "in 2 groups" in told(essays(4), comparisons=3, pairs=pairs)["disconnected_graph"]
    assert told(essays(4), comparisons=4, pairs=[*pairs, [1, 2]]) == {}


def test_a_cap_says_how_far_it_goes():
    money = CapForecast(Decimal("0.10"), comparisons=142)
    message = told(essays(62), comparisons=400, money=money)["money_cap_short"]
    assert message == "The money cap of $0.1000 pays for about 142 of 400 comparisons."
    assert told(essays(62), comparisons=142, money=money) == {}
    short = CapForecast(Decimal("0.02"), comparisons=12)
    message = told(essays(62), comparisons=400, money=short)["money_cap_short"]
    assert "61 are needed to connect 62 essays" in message


def test_a_cap_below_the_least_call_judges_nothing():
    money = CapForecast(Decimal("0.001"), comparisons=1, cheapest_call=Decimal("0.002"))
    message = told(essays(3), comparisons=3, money=money)["money_cap_too_low"]
    assert message.startswith("Nothing will be judged: the money cap of $0.0010 lets no call")


def test_a_text_of_a_word_or_two_is_named():
    message = told([*essays(3), Essay("tiny.txt", text="hi")])["short_texts"]
    assert "tiny.txt" in message and "hi" not in message.replace("tiny.txt", "").split()
    many = [Essay(f"t{number}", text="hi") for number in range(12)]
    assert "and 4 more" in told(many)["short_texts"]
