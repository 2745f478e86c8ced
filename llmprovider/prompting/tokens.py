"""Tokens estimated from characters, for budgets, plans and limits. Bills use the vendor's count.

No tokenizer of a vendor is at hand for every model, so there are two estimates. The upper one is
to keep a call from being too large. Measured against four public vocabularies (o200k, cl100k,
Claude 2, DeepSeek) it is 1.4 to 1.65 times the count for English essays and 1.0 to 3.9 times for
Swedish, German, Russian, Arabic and Chinese. Recent vocabularies of Anthropic count up to a third
more than those four, so outside English it can be too low by a quarter. The likely one lies in the
middle: 1.0 to 1.2 times the four counts for English, so between 0.8 and 1.2 of what recent models
bill. `benchmarks/tokens.py` and docs/costs.md have the figures.
"""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rates:
    """How text becomes tokens. In UTF-8 an accented letter has two bytes, a Chinese one three.

    `text_frame`: the lines around a text, with its label and the message's code, twice;
    `comparison_line`: its line in the list; `call_frame`: opening line, the lines around the list,
    roles of the messages and the answer's schema.
    """

    ascii_chars_per_token: float
    other_bytes_per_token: float
    text_frame: int
    comparison_line: int
    call_frame: int

    def tokens(self, text: str) -> int:
        """Tokens of the text, at least 1 unless it is empty."""
        size = len(text.encode("utf-8", "replace"))
        ascii_chars = len(text.encode("ascii", "ignore"))
        return math.ceil(
            ascii_chars / self.ascii_chars_per_token
            + (size - ascii_chars) / self.other_bytes_per_token
        )

    def call(self, instructions: int, texts: int, distinct_texts: int, comparisons: int) -> int:
        """Input of a call, from the tokens of its instructions and of its distinct texts in sum."""
        frames = self.call_frame + self.text_frame * distinct_texts
        return instructions + texts + frames + self.comparison_line * comparisons


# English prose has 4.3 to 5.1 characters per token; learners' spelling costs more.
ASCII_CHARS_PER_TOKEN: Final = 3.1
UPPER: Final = Rates(ASCII_CHARS_PER_TOKEN, 1.8, text_frame=40, comparison_line=10, call_frame=260)
LIKELY: Final = Rates(4.2, 2.7, text_frame=33, comparison_line=9, call_frame=230)

# An answer's entry: 25 tokens of braces, keys and values, then one or two short sentences, which
# is what is asked for. Not measured with vendors' models yet: `eng5 costs` tells what yours write.
LIKELY_OUTPUT_PER_COMPARISON: Final = 60
# The same with room, so that a full call is not planned too close to its limits.
EXPECTED_OUTPUT_PER_COMPARISON: Final = 90
# The longest justification allowed, in a language of two bytes per letter, and the entry around it.
MAX_OUTPUT_PER_COMPARISON: Final = 300
ANSWER_FRAME: Final = 256


def estimate_tokens(text: str) -> int:
    """Tokens of the text by the upper estimate, at least 1 unless it is empty."""
    return UPPER.tokens(text)


def input_tokens(instructions: int, texts: int, distinct_texts: int, comparisons: int) -> int:
    """Input of one call by the upper estimate, from tokens by the upper estimate."""
    return UPPER.call(instructions, texts, distinct_texts, comparisons)


def expected_output_tokens(comparisons: int) -> int:
    """Output that a call is planned with."""
    return EXPECTED_OUTPUT_PER_COMPARISON * comparisons


def max_output_tokens(comparisons: int) -> int:
    """`max_tokens` of a call: what the longest answer allowed can need, so that none is cut."""
    return ANSWER_FRAME + MAX_OUTPUT_PER_COMPARISON * comparisons
