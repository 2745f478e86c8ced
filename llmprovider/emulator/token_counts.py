"""The emulator's own token counter: what its bills are made of.

English prose has 4.2 characters per token, any other byte of UTF-8 counts 1/2.4 token: no vendor's
tokenizer, but in the middle of what theirs count for essays, and the same in every process.
"""

import hashlib
import math
from collections.abc import Iterator
from typing import Final

ASCII_CHARS_PER_TOKEN: Final = 4.2
OTHER_BYTES_PER_TOKEN: Final = 2.4


def count_tokens(text: str) -> int:
    """Tokens of the text, at least 1 unless it is empty."""
    data = text.encode("utf-8", "replace")
    ascii_chars = len(text.encode("ascii", "ignore"))
    others = len(data) - ascii_chars
    return math.ceil(ascii_chars / ASCII_CHARS_PER_TOKEN + others / OTHER_BYTES_PER_TOKEN)


def chars_within(text: str, tokens: int) -> int:
    """How many leading characters of the text have at most so many tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(text[:middle]) <= tokens:
            low = middle
        else:
            high = middle - 1
    return low


def prefix_digests(text: str, start: int, step: int) -> Iterator[tuple[int, bytes]]:
    """(tokens, digest of the prefix) at `start`, `start + step`, ... while the text lasts."""
    total = count_tokens(text)
    digest = hashlib.sha256()
    done = 0
    for tokens in range(start, total + 1, step):
        size = step if done else start
        ahead = text[done : done + math.ceil(size * ASCII_CHARS_PER_TOKEN) + 1]
        end = done + chars_within(ahead, size)
        digest.update(text[done:end].encode("utf-8", "replace"))
        done = end
        yield tokens, digest.copy().digest()
