"""Pairs named by the caller."""

import pytest

from assessment.pairing.specified import specified_pairs

INDEX = {"anna": 0, "bo": 1, "cay": 2}


def test_it_keeps_order_and_repeats():
    pairs = specified_pairs([("bo", "anna"), ("bo", "anna"), ("anna", "bo")], INDEX)
    assert pairs.tolist() == [[1, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("anna", "bo"), ("bo", "dan")], "pair 2: there is no essay 'dan'"),
        ([("anna", "anna")], "pair 1: essay 'anna' is paired with itself"),
        ([], "empty"),
    ],
)
def test_it_refuses_what_cannot_be_compared(pairs, message):
    with pytest.raises(ValueError, match=message):
        specified_pairs(pairs, INDEX)
