"""How decisions differ from what scores lead one to expect: infit, outfit, surprise."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from assessment.measurement.arrays import ArrayLike, FloatArray, IntArray
from assessment.measurement.comparisons import tally


@dataclass(frozen=True, eq=False)
class Misfit:
    """Infit and outfit per group, shape (k,); 1 is expected, nan for a group without decisions."""

    infit: FloatArray
    outfit: FloatArray
    count: FloatArray


@dataclass(frozen=True)
class Surprise:
    """Decision number `row`, the chance `probability` that it had, and its surprise in bits."""

    row: int
    winner: int
    loser: int
    probability: float
    bits: float


def chance_of_first(
    scores: FloatArray, first: ArrayLike, second: ArrayLike, gamma: float = 0.0
) -> FloatArray:
    """P(first wins) for each of m decisions, from scores (n,) and position effect gamma."""
    odds = scores[np.asarray(first, dtype=np.intp)] - scores[np.asarray(second, dtype=np.intp)]
    chance: FloatArray = expit(odds + gamma)
    return chance


def misfit_of_items(
    n: int, first: ArrayLike, second: ArrayLike, first_won: ArrayLike, chance: FloatArray
) -> Misfit:
    """Infit and outfit of n items; a decision counts for both items in it."""
    one, other = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    outcome = np.asarray(first_won, dtype=np.float64)
    return _misfit(
        n, np.concatenate([one, other]), np.tile(outcome, 2), np.tile(np.asarray(chance), 2)
    )


def misfit_of_groups(
    size: int, group: IntArray, first_won: ArrayLike, chance: FloatArray
) -> Misfit:
    """Infit and outfit of `size` groups of decisions, such as judges; `group` is (m,)."""
    return _misfit(size, group, np.asarray(first_won, dtype=np.float64), chance)


def infit_against_the_rest(
    size: int, group: IntArray, first_won: ArrayLike, chance: FloatArray
) -> FloatArray:
    """How far each group's infit stands out from that of all other groups, in standard errors (k,).

    The ratio of the two is made normal by its cube root (Wilson & Hilferty, 1931; Wright & Masters,
    1982). Against the rest, since scores that were fitted to the same decisions bring every infit
    below 1. Each squared residual varies by p (1 - p) (1 - 2p)^2. nan for a group without decisions
    or alone.
    """
    information = np.maximum(chance * (1.0 - chance), 1e-300)
    squares = tally(group, (np.asarray(first_won, dtype=np.float64) - chance) ** 2, size)
    variance = tally(group, information * (1.0 - 2.0 * chance) ** 2, size)
    expected = tally(group, information, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = expected.sum() - expected
        ratio = (squares / expected) / ((squares.sum() - squares) / rest)
        error = np.hypot(np.sqrt(variance) / expected, np.sqrt(variance.sum() - variance) / rest)
        result: FloatArray = (np.cbrt(ratio) - 1.0) * 3.0 / error + error / 3.0
    return result


def _misfit(size: int, group: IntArray, outcome: FloatArray, chance: FloatArray) -> Misfit:
    """Wright & Masters (1982): outfit = mean z^2, infit = sum (x - p)^2 / sum p (1 - p)."""
    information = np.maximum(chance * (1.0 - chance), 1e-300)
    squares = (outcome - chance) ** 2
    count = tally(group, np.ones(group.size), size)
    with np.errstate(divide="ignore", invalid="ignore"):
        infit = tally(group, squares, size) / tally(group, information, size)
        outfit = tally(group, squares / information, size) / count
    return Misfit(np.where(count > 0, infit, np.nan), np.where(count > 0, outfit, np.nan), count)


def surprises(
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    chance: FloatArray,
    *,
    limit: int = 20,
    below: float = 0.2,
) -> tuple[Surprise, ...]:
    """The decisions that had the least chance, most surprising first; ties between items left out.

    Only decisions whose chance was less than `below`, at most `limit` of them.
    """
    one, other = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    outcome = np.asarray(first_won, dtype=np.float64)
    had = np.where(outcome > 0.5, chance, 1.0 - chance)
    odd = np.flatnonzero((outcome != 0.5) & (had < below))
    ranked = odd[np.argsort(had[odd], kind="stable")][:limit]
    return tuple(
        Surprise(
            row=int(row),
            winner=int(one[row] if outcome[row] > 0.5 else other[row]),
            loser=int(other[row] if outcome[row] > 0.5 else one[row]),
            probability=float(had[row]),
            bits=float(-np.log2(max(had[row], 1e-300))),
        )
        for row in ranked
    )
