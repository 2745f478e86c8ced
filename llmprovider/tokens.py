"""Tokens estimated from characters, on the safe side: for budgets, plans and limits, not for bills.

Bills use what the provider reports. No tokenizer of a vendor is at hand for every model, and a plan
that is a little too high is better than a call that is too large. Against three public tokenizers
the estimate is 1.4 to 1.6 times the count for English essays and 1.0 to 3.9 times for Swedish,
German, Russian, Arabic and Chinese; recent vocabularies count up to a third more than those three.
"""

import math
from typing import Final

# English prose has 4 to 4.7 characters per token; learners' spelling costs more.
ASCII_CHARS_PER_TOKEN: Final = 3.1
# In UTF-8 an accented letter has two bytes, a Chinese character three.
OTHER_BYTES_PER_TOKEN: Final = 1.8

# The lines around a text with their labels and nonces, and a comparison's line in the list.
TEXT_FRAME: Final = 40
COMPARISON_LINE: Final = 10
# Opening line and the lines around the list, the roles of the messages, the answer's schema.
CALL_FRAME: Final = 260

# An answer's entry: braces, keys and values without the justification, then two short sentences.
EXPECTED_OUTPUT_PER_COMPARISON: Final = 90
# The longest justification allowed, in a language of two bytes per letter, and the entry around it.
MAX_OUTPUT_PER_COMPARISON: Final = 300
ANSWER_FRAME: Final = 256


def estimate_tokens(text: str) -> int:
    """Tokens of the text, at least 1 unless it is empty."""
    size = len(text.encode("utf-8", "replace"))
    ascii_chars = len(text.encode("ascii", "ignore"))
    tokens = ascii_chars / ASCII_CHARS_PER_TOKEN + (size - ascii_chars) / OTHER_BYTES_PER_TOKEN
    return math.ceil(tokens)


def input_tokens(instructions: int, texts: int, distinct_texts: int, comparisons: int) -> int:
    """Input of one call, from the tokens of its instructions and of its distinct texts in sum."""
    frames = CALL_FRAME + TEXT_FRAME * distinct_texts + COMPARISON_LINE * comparisons
    return instructions + texts + frames


def expected_output_tokens(comparisons: int) -> int:
    """Output a call will probably have."""
    return EXPECTED_OUTPUT_PER_COMPARISON * comparisons


def max_output_tokens(comparisons: int) -> int:
    """`max_tokens` of a call: what the longest answer allowed can need, so that none is cut."""
    return ANSWER_FRAME + MAX_OUTPUT_PER_COMPARISON * comparisons
