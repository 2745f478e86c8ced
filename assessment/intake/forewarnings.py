"""What a batch cannot give, told before its first call: essays, anchors, budget and money cap."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from assessment.pairing.components import Components

# Shorter than any essay: an empty form, a heading, a file that was cut.
FEWEST_WORDS = 10
_NAMES_SHOWN = 8


class Text(Protocol):
    """An essay as it is handed in; `known_grade` is empty where there is none."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def known_grade(self) -> str: ...


@dataclass(frozen=True)
class CapForecast:
    """What a money cap pays for.

    comparisons: about so many, at the likely price; None where no price is known. cheapest_call:
    USD that the least call can cost at most; None where that is not known.
    """

    cap: Decimal
    comparisons: int | None
    cheapest_call: Decimal | None = None


def forewarnings(
    essays: Sequence[Text],
    *,
    comparisons: int,
    pairs: Sequence[Sequence[int]] | None = None,
    money: CapForecast | None = None,
) -> list[dict[str, str]]:
    """Faults that are certain before anything is judged, as a batch's warnings {code, message}.

    comparisons: most that may be made. pairs: (k, 2) places in `essays` of the caller's own pairs,
    None where pairs are generated. money: None without a money cap.
    """
    found = [
        ("money_cap_too_low", _no_call(money)),
        ("no_grades", _no_grades(essays)),
        ("disconnected_graph", _in_parts(len(essays), comparisons, pairs)),
        ("money_cap_short", _cap_short(len(essays), comparisons, money)),
        ("short_texts", _short_texts(essays)),
        ("same_text", _same_text(essays, pairs)),
    ]
    return [{"code": code, "message": message} for code, message in found if message]


def _no_call(money: CapForecast | None) -> str:
    if money is None or money.cheapest_call is None or money.cheapest_call <= money.cap:
        return ""
    return f"Nothing will be judged: {no_call_fits(money.cap, money.cheapest_call)}."


def no_call_fits(cap: Decimal, least: Decimal) -> str:
    """What to say where the money cap is below the most that any call of the run can cost."""
    return (
        f"the money cap of ${cap:.4f} lets no call be made: the cheapest may cost up to "
        f"${least:.4f}, and no call is made that could exceed the cap"
    )


def _no_grades(essays: Sequence[Text]) -> str:
    """Without any anchor nobody asked for grades; the result says so all the same."""
    grades = [essay.known_grade for essay in essays if essay.role == "anchor"]
    if not grades or len(set(grades)) > 1:
        return ""
    held = (
        f"The only anchor has the grade {grades[0]}"
        if len(grades) == 1
        else f"All {len(grades)} anchors have the grade {grades[0]}"
    )
    return (
        f"{held}: there will be scores and no grades, which need anchors of at least two "
        "different grades."
    )


_APART = "Scores and grades of essays in different groups cannot be compared."


def _in_parts(essays: int, comparisons: int, pairs: Sequence[Sequence[int]] | None) -> str:
    """Where not all essays can come onto one scale."""
    if essays < 2:
        return ""
    if comparisons < essays - 1:
        return (
            f"At most {comparisons} comparisons leave {essays} essays in at least "
            f"{essays - comparisons} groups that never meet: {essays - 1} are needed to connect "
            f"them. {_APART}"
        )
    if pairs is None:
        return ""
    parts = Components(essays)
    for first, second in pairs[:comparisons]:
        parts.join(first, second)
    if parts.count == 1:
        return ""
    return f"The pairs named leave the essays in {parts.count} groups that never meet. {_APART}"


def _cap_short(essays: int, comparisons: int, money: CapForecast | None) -> str:
    if money is None or money.comparisons is None or money.comparisons >= comparisons:
        return ""
    words = (
        f"The money cap of ${money.cap:.4f} pays for about {money.comparisons} of {comparisons} "
        "comparisons."
    )
    if money.comparisons < essays - 1 <= comparisons:
        words += (
            f" {essays - 1} are needed to connect {essays} essays; with fewer they fall into "
            f"groups. {_APART}"
        )
    return words


def _short_texts(essays: Sequence[Text]) -> str:
    short = [essay.name for essay in essays if len(essay.text.split()) < FEWEST_WORDS]
    if not short:
        return ""
    names = _some(short, ", ")
    return f"Fewer than {FEWEST_WORDS} words, so perhaps not the text that was meant: {names}."


def _same_text(essays: Sequence[Text], pairs: Sequence[Sequence[int]] | None) -> str:
    copies: dict[str, list[str]] = {}
    for essay in essays:
        copies.setdefault(essay.sha256, []).append(essay.name)
    groups = [_some(names, ", ") for names in copies.values() if len(names) > 1]
    if not groups:
        return ""
    what_follows = (
        "They are not compared with each other"
        if pairs is None
        else "A verdict between them is about their places alone"
    )
    return (
        f"The same text, word for word, came as more than one essay: {_some(groups, '; ')}. "
        f"{what_follows}, and their scores and grades may differ by chance."
    )


def _some(names: Sequence[str], separator: str) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return separator.join(names[:_NAMES_SHOWN]) + more
