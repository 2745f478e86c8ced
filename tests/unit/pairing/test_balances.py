"""Who was named first how often, and whether a fair coin would have been as uneven."""

import numpy as np
import pytest

from assessment.pairing.balances import balance_of


def balance(n: int, orders, anchors: int = 0):
    orders = list(orders)
    return balance_of(
        [f"essay {number}" for number in range(n)],
        [number < anchors for number in range(n)],
        [first for first, _ in orders],
        [second for _, second in orders],
    )


def test_it_lists_the_most_uneven_first():
    found = balance(4, [(0, 1), (0, 2), (3, 2)])
    assert [(essay.name, essay.first, essay.second) for essay in found.essays] == [
        ("essay 0", 2, 0),
        ("essay 2", 0, 2),
        ("essay 1", 0, 1),
        ("essay 3", 1, 0),
    ]
    assert found.worst == 2


def test_a_circle_is_perfectly_even():
    overall = balance(5, [(place, (place + 1) % 5) for place in range(5)]).overall
    assert (overall.chi_square, overall.df, overall.p) == (0.0, 4, 1.0)
    assert not overall.uneven


def test_a_ladder_is_as_uneven_as_can_be():
    overall = balance(10, [(a, b) for a in range(10) for b in range(a + 1, 10)]).overall
    assert overall.df == 9
    assert overall.uneven


def test_groups_that_never_met_take_a_degree_of_freedom_each():
    assert balance(4, [(0, 1), (2, 3)]).overall.df == 2
    assert balance(5, [(0, 1), (2, 3)]).overall.df == 2


def test_the_form_is_that_of_the_pseudo_inverse():
    rng = np.random.default_rng(4)
    orders = [tuple(rng.choice(12, 2, replace=False)) for _ in range(40)]
    laplacian, difference = np.zeros((12, 12)), np.zeros(12)
    for first, second in orders:
        edge = np.zeros(12)
        edge[first], edge[second] = 1.0, -1.0
        laplacian += np.outer(edge, edge)
        difference += edge
    expected = difference @ np.linalg.pinv(laplacian) @ difference
    assert balance(12, orders).overall.chi_square == pytest.approx(expected)


def test_a_fair_coin_is_called_uneven_about_as_often_as_it_should():
    rng = np.random.default_rng(11)
    p = [
        balance(12, [tuple(rng.choice(12, 2, replace=False)) for _ in range(72)]).overall.p
        for _ in range(300)
    ]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.09
    assert np.mean(p) == pytest.approx(0.5, abs=0.06)


def test_anchors_are_held_against_the_students_they_met_only():
    found = balance(4, [(0, 2), (1, 2), (3, 0), (0, 1), (2, 3)], anchors=2)
    assert (found.anchor_first, found.anchor_met) == (2, 3)
    assert found.anchors.chi_square == pytest.approx(1 / 3)
    assert balance(4, [(0, 1)], anchors=2).anchors is None


def test_it_refuses_a_comparison_of_nobody():
    with pytest.raises(ValueError, match="none of the 2 essays"):
        balance(2, [(0, 2)])
    with pytest.raises(ValueError, match="as many"):
        balance_of(["a", "b"], [False], [0], [1])
