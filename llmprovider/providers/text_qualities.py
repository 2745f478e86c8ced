"""A guess at a text's quality from plain features, for a mock judge that knows no grades.

It orders texts of visibly different quality sensibly, so that a trial run looks like a real one. It
is no measure of writing: it knows nothing of content and is easily fooled. The features are those
that studies of automated scoring have long found to go with human grades (Page, 1966; the moving
type-token ratio: Covington and McFall, 2010); the weights are chosen by hand, in round numbers.
"""

import math
import re
from collections import Counter
from typing import Final

LOWEST: Final = 0.0
HIGHEST: Final = 8.0

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)]*(?:\s+|$)")
_PARAGRAPH_END = re.compile(r"\n\s*\n|\n(?=\S)")
_LONE_I = re.compile(r"(?<![\w'’])i(?![\w'’])")
_BAD_SPACING = re.compile(r"\s[,.;:!?](?=\s)|[,;!?](?=[^\W\d_])")
_ODD_SPELLING = re.compile(r"(.)\1\1|q(?!u)|^[bcdfghjklmnpqrstvwxz]{3,}$")
_NO_APOSTROPHE = frozenset(
    "dont cant wont isnt didnt doesnt wouldnt shouldnt couldnt im ive".split()
)
_CONNECTIVES = frozenset(
    "because although though however therefore while whereas unless since moreover furthermore "
    "instead despite finally consequently thus otherwise nevertheless if when first second".split()
)

# From the sum of the weighted features to logits on the scale: so wide that texts from weak to
# strong fill most of it without crowding at its ends.
_SPREAD: Final = 1.8

_WINDOW = 50
_LONG_WORD = 7
_RUN_ON = 40


def quality_of(text: str) -> float:
    """Quality in grade steps, from `LOWEST` (no words) to below `HIGHEST`; 4 is a middling text."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return LOWEST
    score = (
        1.2 * _extent(len(words))
        + 1.0 * _scaled(_variety(words), 0.79, 0.06)
        + 0.8 * _scaled(sum(map(len, words)) / len(words), 4.2, 0.35)
        + 1.0 * _scaled(_long_types(words), 1.7, 0.6)
        + 0.2 * _scaled(len(_CONNECTIVES & set(words)), 3.0, 2.0)
        + 0.5 * _scaled(len(re.findall(r"[,;:]", text)) / len(words), 0.035, 0.02)
        + 0.6 * _sentences(text)
        + 0.4 * _paragraphs(text)
        - 1.0 * _slips(text, words)
    )
    return LOWEST + (HIGHEST - LOWEST) / (1 + math.exp(-score / _SPREAD))


def _scaled(value: float, middle: float, spread: float) -> float:
    """In units of a usual spread around a usual value, without rewarding extremes."""
    return 2 * math.tanh((value - middle) / spread / 2)


def _extent(words: int) -> float:
    """-2..0.5: short texts lose, on a logarithmic scale; above some 200 words nothing is gained."""
    return min(0.5, max(-2.0, math.log(words / 120)))


def _variety(words: list[str]) -> float:
    """Mean share of different words in a window of 50: unlike the plain ratio, free of length."""
    size = min(_WINDOW, len(words))
    inside = Counter(words[:size])
    total = len(inside)
    for gone, come in zip(words, words[size:], strict=False):
        inside[come] += 1
        inside[gone] -= 1
        if not inside[gone]:
            del inside[gone]
        total += len(inside)
    return total / size / (len(words) - size + 1)


def _long_types(words: list[str]) -> float:
    """Different long words, per square root of the words (Guiraud's correction for length)."""
    return len({word for word in words if len(word) >= _LONG_WORD}) / math.sqrt(len(words))


def _sentences(text: str) -> float:
    """-2..0.5: for a mean length far from 16 words, and for run-on sentences, a text loses."""
    lengths = [len(_WORD.findall(sentence)) for sentence in _SENTENCE_END.split(text)]
    lengths = [length for length in lengths if length]
    run_on = sum(length for length in lengths if length > _RUN_ON) / sum(lengths)
    oddness = abs(math.log(sum(lengths) / len(lengths) / 16))
    return max(-2.0, 0.5 - oddness - run_on)


def _paragraphs(text: str) -> float:
    """-1..0.5: one block loses, three to seven paragraphs gain."""
    count = sum(bool(part.strip()) for part in _PARAGRAPH_END.split(text))
    if count == 1:
        return -1.0
    return 0.5 if 3 <= count <= 7 else 0.0


def _slips(text: str, words: list[str]) -> float:
    """0..2: slips of the pen that need no dictionary, from none to one in twenty words or more."""
    starts = [part.lstrip("\"'“‘( ") for part in _SENTENCE_END.split(text)]
    slips: int = (
        sum(start[:1].islower() for start in starts)
        + len(_LONE_I.findall(text))
        + len(_BAD_SPACING.findall(text))
        + sum(word in _NO_APOSTROPHE or bool(_ODD_SPELLING.search(word)) for word in words)
    )
    return min(2.0, 40 * slips / len(words))
