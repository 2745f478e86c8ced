"""How many comparisons a batch and a wave may hold."""

import pytest

from assessment.pairing.budgets import completion_denominator, eligible_pairs, wave_size


def test_it_counts_students_and_anchors():
    assert eligible_pairs(16, 8, True) == 276
    assert eligible_pairs(16, 8, False) == 248
    assert eligible_pairs(1, 0, True) == 0


def test_it_completes_a_small_batch_at_its_pairs():
    """P-06: five essays end at 10, or at 40 with four judgements a pair."""
    assert completion_denominator(60, 10, 1) == 10
    assert completion_denominator(60, 10, 4) == 40
    assert completion_denominator(6, 10, 4) == 6


@pytest.mark.parametrize("budget", [None, 0, -5])
def test_it_refuses_a_missing_budget(budget):
    """P-05."""
    with pytest.raises(ValueError, match="total_budget"):
        completion_denominator(budget, 10, 1)


def test_it_sizes_a_wave():
    assert wave_size(4, remaining=100) == 12
    assert wave_size(101, remaining=100) == 50
    assert wave_size(101, minimum=60, remaining=100) == 60
    assert wave_size(101, remaining=7) == 7
    assert wave_size(101, remaining=0) == 0
    with pytest.raises(ValueError, match="overspent"):
        wave_size(4, remaining=-1)
