"""The judging of a simulated judge, from the prompt alone: pure, shared by mock and emulator.

Latent-quality model (Bradley & Terry, 1952, with a position effect):
P(first wins) = logistic(slope * (quality of first - quality of second) + position bias).
Every draw is a hash, so the same question has the same answer in any process, order or bundle.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from llmprovider.prompting.prompts import ParsedPrompt
from llmprovider.providers.text_qualities import quality_of

DEFAULT_SEED: Final = 0
DEFAULT_SLOPE: Final = 4.0
DEFAULT_POSITION_BIAS: Final = 0.0

# |logit| from which the judge is sure to degree 2, 3, 4, 5: odds of about 2, 4.5, 20 and 150 to 1.
_CONFIDENCE_FROM = (0.7, 1.5, 3.0, 5.0)

# As long as what a judge writes when it is asked for one or two sentences: it is billed.
_REASONS = (
    "Very close: both take a position and give about equally good reasons for it. The {winner} "
    "text reads a little more smoothly from one point to the next.",
    "Close, with similar faults of language in both. The {winner} text gives somewhat more support "
    "for its points, where the other repeats itself.",
    "The {winner} text is better organised and develops its points further. The other has ideas "
    "too, but leaves most of them without an example.",
    "The {winner} text is clearly stronger in content, structure and language. The other is hard "
    "to follow in places and ends without a conclusion.",
    "The {winner} text is far stronger in every respect: it argues, gives examples and keeps to "
    "the task. The other hardly answers the question.",
)
_UPSET = (
    "Against the first impression, the {winner} text convinces more as a whole. Its language is "
    "plainer, but its reasons fit together better than the other's."
)


class UnknownText(LookupError):
    """A text that the truth table does not grade; `sha256` is the text's."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"the truth table has no text with sha256 {sha256[:12]}...")
        self.sha256 = sha256


@dataclass(frozen=True)
class LatentJudge:
    """`slope` in logits per grade step, `position_bias` in logits for the text named first.

    `truth`: sha256 of a text -> quality in grade steps; None: guess from features of the text.
    """

    seed: int = DEFAULT_SEED
    slope: float = DEFAULT_SLOPE
    position_bias: float = DEFAULT_POSITION_BIAS
    truth: Mapping[str, float] | None = field(default=None, repr=False)


def text_hashes(prompt: ParsedPrompt) -> dict[str, str]:
    """sha256 by label, for every text of the prompt."""
    return {
        label: hashlib.sha256(text.encode("utf-8")).hexdigest()
        for label, text in prompt.texts.items()
    }


def judged(
    judge: LatentJudge,
    prompt: ParsedPrompt,
    hashes: Mapping[str, str],
    occasions: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The answer's entries, in the order of the list; `occasions` (by item id) default to "1".

    Raises UnknownText.
    """
    qualities = {
        label: _quality(judge, hashes[label], text) for label, text in prompt.texts.items()
    }
    entries = []
    for pair in prompt.comparisons:
        logit = judge.slope * (qualities[pair.first] - qualities[pair.second]) + judge.position_bias
        occasion = occasions.get(pair.item, "1")
        drawn = uniform(judge.seed, hashes[pair.first], hashes[pair.second], occasion)
        winner = "first" if drawn < _logistic(logit) else "second"
        entries.append(_entry(pair.item, winner, logit))
    return entries


def as_answer(entries: Sequence[Mapping[str, Any]]) -> str:
    """The answer's text: compact JSON of the form that the prompt asks for."""
    return json.dumps({"comparisons": list(entries)}, separators=(",", ":"))


def uniform(seed: int, *parts: str) -> float:
    """A number in [0, 1) that depends on nothing but the arguments; the order is part of them."""
    digest = hashlib.sha256("\0".join([str(seed), *parts]).encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def _entry(item: str, winner: str, logit: float) -> dict[str, Any]:
    upset = (winner == "first") != (logit >= 0)
    # Whoever decides against the odds is not sure of it.
    confidence = 1 if upset else 1 + sum(abs(logit) >= step for step in _CONFIDENCE_FROM)
    reason = _UPSET if upset else _REASONS[confidence - 1]
    return {
        "item": item,
        "winner": winner,
        "confidence": confidence,
        "justification": reason.format(winner=winner),
    }


def _quality(judge: LatentJudge, sha: str, text: str) -> float:
    """In grade steps."""
    if judge.truth is None:
        return quality_of(text)
    if sha not in judge.truth:
        raise UnknownText(sha)
    return float(judge.truth[sha])


def _logistic(logit: float) -> float:
    # tanh does not overflow, and makes P(x) + P(-x) exactly 1 but for rounding.
    return 0.5 + 0.5 * math.tanh(logit / 2)
