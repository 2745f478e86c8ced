"""A judge's answer, read into one verdict or one problem for every comparison asked.

Entries are matched by item id, never by position. Nothing that cannot be read becomes a winner.
No message quotes the answer: it may repeat what a writer wrote.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from llmprovider.contracts import MAX_JUSTIFICATION_CHARS, ErrorType, Winner
from llmprovider.prompting.prompts import MAX_CONFIDENCE, MIN_CONFIDENCE
from llmprovider.prompting.visible_texts import clean

CONFIDENCE_CLAMPED: Final = "confidence_clamped"
JUSTIFICATION_CUT: Final = "justification_cut"
ANSWERED_TWICE: Final = "answered_twice"

_WINNERS: Final[dict[str, Winner]] = {"first": "essay_a", "second": "essay_b"}
_FENCED = re.compile(r"```[a-z]*\n(.*?)(?:\n```)?", re.DOTALL)
_LIST_OPENS = re.compile(r'\s*\{\s*"comparisons"\s*:\s*\[\s*(?=\{)')
_NEXT_ENTRY = re.compile(r"\s*,\s*(?=\{)")


@dataclass(frozen=True)
class Verdict:
    """Who won, how sure the judge was (1..5), why; `flags` name what had to be put right."""

    winner: Winner
    confidence: int
    justification: str = field(repr=False)
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Why a comparison has no verdict: `invalid_response`, or `max_tokens` when it was cut off."""

    error_type: ErrorType
    message: str


@dataclass(frozen=True)
class Answer:
    """Every item asked is in exactly one of `verdicts` and `problems`.

    `unknown_items` counts entries that belong to no item asked. `readable` is False when the text
    as a whole is not an answer; entries that were complete before it broke off count all the same.
    """

    verdicts: dict[str, Verdict]
    problems: dict[str, Problem]
    unknown_items: int
    readable: bool = True


def read_answer(text: str, items: Sequence[str], *, truncated: bool) -> Answer:
    """Map an answer to the items asked.

    `truncated`: the provider stopped for lack of tokens, so what is missing was cut off. Raises
    nothing: whatever is wrong with the answer becomes a `Problem` of the items it concerns.
    """
    entries, readable = _entries(text.strip())
    found: dict[str, list[Verdict | Problem]] = {item: [] for item in items}
    unknown = 0
    for entry in entries:
        item = entry.get("item") if isinstance(entry, dict) else None
        if isinstance(item, str) and item in found:
            found[item].append(_outcome(entry))
        else:
            unknown += 1

    answer = Answer({}, {}, unknown, readable)
    for item, outcomes in found.items():
        outcome = _agreed(outcomes) if outcomes else _missing(truncated, readable)
        if isinstance(outcome, Verdict):
            answer.verdicts[item] = outcome
        else:
            answer.problems[item] = outcome
    return answer


class _Ambiguous(dict[str, Any]):
    """A JSON object that has one key twice: which value counts is anyone's guess."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else _Ambiguous(values)


_decoder = json.JSONDecoder(object_pairs_hook=_object)


def _entries(text: str) -> tuple[list[Any], bool]:
    """The entries of the answer, and whether the whole of it could be read."""
    if fenced := _FENCED.fullmatch(text):
        text = fenced[1]
    try:
        whole = _decoder.decode(text)
    except (ValueError, RecursionError):
        return _complete_entries(text), False
    if not isinstance(whole, dict) or isinstance(whole, _Ambiguous):
        return [], False
    entries = whole.get("comparisons")
    return (entries, True) if isinstance(entries, list) else ([], False)


def _complete_entries(text: str) -> list[Any]:
    """The entries before the point where the answer breaks off or stops being JSON.

    Nothing after that point is looked at: what looks like an entry there might be quoted.
    """
    entries: list[Any] = []
    opening = _LIST_OPENS.match(text)
    while opening:
        try:
            entry, end = _decoder.raw_decode(text, opening.end())
        except (ValueError, RecursionError):
            break
        entries.append(entry)
        opening = _NEXT_ENTRY.match(text, end)
    return entries


def _outcome(entry: dict[str, Any]) -> Verdict | Problem:
    if isinstance(entry, _Ambiguous):
        return _invalid("the entry has a field twice")
    winner = entry.get("winner")
    if not isinstance(winner, str) or winner not in _WINNERS:
        return _invalid("the winner is neither first nor second")
    given = entry.get("confidence")
    # JSON Schema counts 3.0 as an integer; in Python, True would count as one too.
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool):
        return _invalid("the confidence is not a whole number")
    justification = entry.get("justification")
    if not isinstance(justification, str):
        return _invalid("the justification is not a text")

    confidence = min(max(given, MIN_CONFIDENCE), MAX_CONFIDENCE)
    flags: tuple[str, ...] = () if confidence == given else (CONFIDENCE_CLAMPED,)
    # Control characters and lone surrogates are legal in JSON and fatal in a database.
    justification = " ".join(clean(justification).split())
    if len(justification) > MAX_JUSTIFICATION_CHARS:
        justification = justification[: MAX_JUSTIFICATION_CHARS - 1].rstrip() + "…"
        flags += (JUSTIFICATION_CUT,)
    return Verdict(_WINNERS[winner], confidence, justification, flags)


def _agreed(outcomes: list[Verdict | Problem]) -> Verdict | Problem:
    """The outcome of one item's entries: the first, as long as all name the same winner."""
    verdicts = [outcome for outcome in outcomes if isinstance(outcome, Verdict)]
    if len(outcomes) == 1 or not verdicts:
        return outcomes[0]
    if len(verdicts) < len(outcomes) or len({verdict.winner for verdict in verdicts}) > 1:
        return _invalid("the comparison is answered more than once, and not alike")
    return replace(verdicts[0], flags=(*verdicts[0].flags, ANSWERED_TWICE))


def _missing(truncated: bool, readable: bool) -> Problem:
    if truncated:
        return Problem(ErrorType.MAX_TOKENS, "the answer was cut off before this comparison")
    if not readable:
        return _invalid("the answer cannot be read as JSON of the form asked for")
    return _invalid("the answer has no entry for this comparison")


def _invalid(message: str) -> Problem:
    return Problem(ErrorType.INVALID_RESPONSE, message)
