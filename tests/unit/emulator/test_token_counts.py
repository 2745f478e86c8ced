"""The emulator's token counter and the prefixes it cuts."""

import hashlib
from itertools import pairwise

import pytest

from llmprovider.emulator.token_counts import chars_within, count_tokens, prefix_digests


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("a" * 42, 10), ("a" * 43, 11), ("å" * 12, 10)]
)
def test_counts(text, tokens):
    assert count_tokens(text) == tokens


@pytest.mark.parametrize("text", ["plain English text " * 90, "kött och blåbär " * 90, "界" * 500])
def test_a_prefix_of_so_many_tokens_is_the_longest(text):
    for tokens in (0, 1, 77, 10_000):
        end = chars_within(text, tokens)
        assert count_tokens(text[:end]) <= tokens
        assert end == len(text) or count_tokens(text[: end + 1]) > tokens


def test_prefixes_agree_as_far_as_the_texts_do():
    shared = "The same instructions for every call. " * 200
    one = dict(prefix_digests(shared + "one " * 900, 1024, 128))
    two = dict(prefix_digests(shared + "two " * 900, 1024, 128))
    alike = [tokens for tokens in one if one[tokens] == two[tokens]]
    assert alike == sorted(alike) and alike[0] == 1024
    assert count_tokens(shared) - 128 <= alike[-1] <= count_tokens(shared)
    assert all(second - first == 128 for first, second in pairwise(sorted(one)))


def test_a_prefix_is_known_by_its_text():
    text = "word " * 1500
    [(tokens, digest), *_] = prefix_digests(text, 1024, 128)
    assert digest == hashlib.sha256(text[: chars_within(text, tokens)].encode()).digest()


def test_a_short_text_has_no_prefix():
    assert list(prefix_digests("word " * 100, 1024, 128)) == []
