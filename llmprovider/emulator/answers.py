"""The emulated judge's answers, sound or spoilt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from llmprovider.contracts import MAX_JUSTIFICATION_CHARS
from llmprovider.emulator.faults import Fault
from llmprovider.emulator.profiles import Profile
from llmprovider.prompting.prompts import ParsedPrompt
from llmprovider.providers.latent_quality import LatentJudge, as_answer, judged, uniform

_OTHER: Final = {"first": "second", "second": "first"}
_FIXED_CONFIDENCE: Final = 3


@dataclass(frozen=True)
class Question:
    """What is asked in one call. `identity` names the set of ordered pairs, whatever the call's
    code, labels and order; `ordinal` counts the calls with this identity from 1.
    """

    prompt: ParsedPrompt = field(repr=False)
    hashes: Mapping[str, str]
    identity: str
    ordinal: int
    occasions: Mapping[str, str]

    @property
    def items(self) -> int:
        return len(self.prompt.comparisons)

    def drawn(self, seed: int, purpose: str) -> float:
        """A number in [0, 1), anew for each repetition of the same question."""
        return uniform(seed, purpose, self.identity, str(self.ordinal))


def answer_text(
    judge: LatentJudge, profile: Profile, question: Question, fault: Fault | None
) -> str:
    """The text the judge writes. Raises UnknownText (the truth table lacks a text)."""
    if profile.first_share is not None and judge.truth is None:
        entries = _shared_out(judge, profile.first_share, question)
    else:
        entries = judged(judge, question.prompt, question.hashes, question.occasions)
    if fault is None:
        return as_answer(entries)
    return _spoilt(entries, fault, question.drawn(judge.seed, "victim"))


def _shared_out(judge: LatentJudge, share: float, question: Question) -> list[dict[str, Any]]:
    """Winners in a fixed proportion, drawn per ordered pair and occasion."""
    entries = []
    for pair in question.prompt.comparisons:
        drawn = uniform(
            judge.seed,
            "share",
            question.hashes[pair.first],
            question.hashes[pair.second],
            question.occasions[pair.item],
        )
        winner = "first" if drawn < share else "second"
        entries.append(
            {
                "item": pair.item,
                "winner": winner,
                "confidence": _FIXED_CONFIDENCE,
                "justification": f"The {winner} text has the clearer structure.",
            }
        )
    return entries


def _spoilt(entries: list[dict[str, Any]], fault: Fault, drawn: float) -> str:
    at = int(drawn * len(entries))
    victim = entries[at]
    match fault:
        case Fault.MALFORMED_ANSWER:
            return as_answer(entries).replace('{"comparisons":[', "Here is my judgement: [", 1)
        case Fault.EMPTY_ANSWER:
            return ""
        case Fault.FENCED_ANSWER:
            return f"```json\n{as_answer(entries)}\n```"
        case Fault.MISSING_ITEM:
            return as_answer(entries[:at] + entries[at + 1 :])
        case Fault.EXTRA_ITEM:
            return as_answer([*entries, {**victim, "item": f"c{len(entries) + 7}"}])
        case Fault.DUPLICATE_EQUAL:
            return as_answer([*entries, victim])
        case Fault.DUPLICATE_CONFLICTING:
            return as_answer([*entries, {**victim, "winner": _OTHER[victim["winner"]]}])
        case Fault.PERMUTED:
            return as_answer([*reversed(entries[at:]), *entries[:at]])
        case Fault.TIE:
            return _with(entries, at, winner="tie")
        case Fault.WRONG_TYPE:
            return _with(entries, at, winner=1, confidence="high")
        case Fault.CONFIDENCE_OUT_OF_RANGE:
            return _with(entries, at, confidence=9)
        case Fault.LONG_JUSTIFICATION:
            return _with(entries, at, justification="word " * (MAX_JUSTIFICATION_CHARS // 2))
        case _:
            return as_answer(entries)


def _with(entries: Sequence[dict[str, Any]], at: int, **changes: Any) -> str:
    return as_answer([{**e, **changes} if i == at else e for i, e in enumerate(entries)])
