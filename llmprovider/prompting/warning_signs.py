"""Signs that a text was written for the judge instead of the reader.

A sign is a reason for a person to read the text, nothing else: no text is changed, left out or
judged otherwise for it. The frame of the prompt holds whatever a text says (see `prompts`), but a
model may still believe what it reads. So the net is cast for the known tricks, in English and
Swedish and coarsely in some other languages, and kept from catching what pupils write.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from llmprovider.prompting.judge_orders import ORDERS as JUDGE_ORDERS
from llmprovider.prompting.judge_orders import folded, pattern
from llmprovider.prompting.prompts import imitates_structure
from llmprovider.prompting.visible_texts import hidden_characters


@dataclass(frozen=True)
class Sign:
    """One kind of sign in one text: code, what it means in plain words, how often. Never text."""

    code: str
    words: str
    count: int


ORDERS = "orders_to_the_judge"
STRUCTURE = "imitated_structure"
ANSWER = "imitated_answer"
ROLES = "imitated_roles"
HIDDEN = "hidden_characters"
ENCODED = "encoded_text"
UNBROKEN = "text_without_spaces"

WORDS: Final[dict[str, str]] = {
    ORDERS: "speaks to the judge: gives orders, claims a role, or asks for a verdict",
    STRUCTURE: "has lines like those that separate texts in the message to the judge",
    ANSWER: "has what looks like a judge's answer",
    ROLES: "has marks made for a machine: roles of a chat with a language model, tags, comments",
    HIDDEN: "has characters that a reader cannot see or that turn the reading direction",
    ENCODED: "has a long run of letters and digits that looks like encoded text",
    UNBROKEN: "has a very long stretch without a space",
}


def warning_signs(text: str, *, removed: int = 0) -> tuple[Sign, ...]:
    """The signs in `text`, in a fixed order; empty for nearly all that pupils write.

    `removed`: hidden characters that were taken out of the text before. Takes milliseconds.
    """
    plain = folded(text)
    counts = {code: count(text, plain) for code, count in _COUNTERS.items()}
    counts[HIDDEN] += removed
    return tuple(Sign(code, WORDS[code], counts[code]) for code in WORDS if counts[code])


# What frames a line: dashes, brackets, stars.
_EDGE = r"[^a-z0-9\n]{0,40}"
_STRUCTURE = pattern(
    rf"^{_EDGE}(?:end|begin|beginning|start|stop)(?: of)?(?: the)? (?:first |second |student )?"
    rf"(?:text|essay|comparison|prompt|input|document|data)s?(?: [a-z]{{1,2}})?{_EDGE}$",
    rf"^{_EDGE}(?:slut|borjan)(?: pa)? (?:\w+ )?(?:text|uppsats)\w*{_EDGE}$",
    rf"^{_EDGE}(?:text|essay|label) [a-z]{{2}} \[[0-9a-z]{{4,}}\]",
    r"\bc[0-9]{1,3} ?: first\b",
    rf"^{_EDGE}code of this message\b",
    r"\b(?:real|actual|next|second|true) (?:text|essay) (?:begins|starts|follows) "
    r"(?:here|now|below)\b",
    r"\b(?:text|essay)s? above (?:was|is|were) (?:only |just )?(?:an |a )?(?:example|test|sample)",
    r"\b(?:above|preceding) (?:text|essay) (?:was|is) (?:only |just )?(?:an |a )?(?:example|test)",
)
_ANSWER = pattern(
    r"[\"'](?:winner|confidence|justification|comparisons|item)[\"'] ?:",
    r"\bwinner ?[:=] ?[\"'*]*(?:first|second|essay_[ab])\b",
    r"\b(?:item )?c[0-9]{1,3} ?[:=-]+>? ?[\"'*]*(?:first|second) (?:wins?\b|is better\b)",
)
_ROLES = pattern(
    r"^[#*_>\s]{0,8}(?:system|assistant|developer|ai|llm|chatgpt)\b[*_ ]{0,4}:",
    r"^#{1,6} ?(?:system|assistant|instructions?|new task)\b",
    r"</?(?:system|assistant|user|human|instructions?|prompt|text|essay|student|document|answer|"
    r"response|judge|rubric|comparisons?|thinking|tool\w*|function\w*)\b[^<>\n]{0,60}>",
    r"<\|[^<>|\n]{1,30}\|>",
    r"<!--",
    r"[\[{(<]{1,3} ?(?:hidden |new |secret )?(?:instructions?|system|prompt|order)\b ?[:\])}]",
    r"\[/?(?:inst|sys|system|assistant)\]|<</?sys>>",
)
# Scripts that set no spaces between words: Thai to Khmer, kana, Chinese characters.
_UNSPACED: Final = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[^\s{_UNSPACED}]{{100,}}")
_LINK = re.compile(r"\b(?:https?://|www\.)\S{1,300}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_HEXADECIMAL = re.compile(r"\b(?:[0-9A-Fa-f]{2}[\s:]?){32,}\b|(?:\\[ux]\{?[0-9A-Fa-f]{2,6}\}?){8,}")


def _structure(text: str, plain: str) -> int:
    lines = sum(map(imitates_structure, text.split("\n")))
    return max(lines, _matches(_STRUCTURE)(text, plain))


def _encoded(text: str, plain: str) -> int:
    text = _LINK.sub(" ", text)
    runs = (found[0] for found in _BASE64.finditer(text))
    mixed = sum(
        any(c.islower() for c in run) and any(c.isupper() for c in run) and _digits(run) > 1
        for run in runs
    )
    return mixed + sum(1 for _ in _HEXADECIMAL.finditer(text))


def _digits(run: str) -> int:
    return sum(c.isdigit() for c in run)


def _unbroken(text: str, plain: str) -> int:
    """Stretches of mostly letters and digits: a dotted line or a rule of dashes is none."""
    runs = (found[0] for found in _RUN.finditer(_LINK.sub(" ", text)))
    return sum(2 * sum(map(str.isalnum, run)) > len(run) for run in runs)


def _matches(wanted: re.Pattern[str]) -> Callable[[str, str], int]:
    return lambda text, plain: sum(1 for _ in wanted.finditer(plain))


_COUNTERS: Final[dict[str, Callable[[str, str], int]]] = {
    ORDERS: _matches(JUDGE_ORDERS),
    STRUCTURE: _structure,
    ANSWER: _matches(_ANSWER),
    ROLES: _matches(_ROLES),
    HIDDEN: lambda text, plain: hidden_characters(text),
    ENCODED: _encoded,
    UNBROKEN: _unbroken,
}
