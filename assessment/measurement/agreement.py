"""Agreement between projected grades and known ones, with bootstrap intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray, IntArray
from assessment.measurement.bootstraps import REPLICATES, SEED, Bootstrap, Measure
from assessment.measurement.correlations import spearman, tau_b
from assessment.measurement.scales import Scale


@dataclass(frozen=True)
class Agreement:
    """How projected grades agree with known ones over `n` items.

    exact, adjacent   shares with the same grade, and at most one step apart
    kappa             quadratically weighted kappa (Cohen, 1968)
    tau_b             Kendall's tau-b
    spearman          rank correlation
    mean_difference   mean of projected minus known, in steps of the scale
    """

    n: int
    exact: Measure
    adjacent: Measure
    kappa: Measure
    tau_b: Measure
    spearman: Measure
    mean_difference: Measure


def agreement(
    projected: Sequence[str | None],
    known: Sequence[str | None],
    scale: Scale,
    *,
    scores: FloatArray | None = None,
    regraded: IntArray | None = None,
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> Agreement:
    """Compare grades item by item; items without both grades are left out.

    `scores` (n,), if given, replace projected grades in the two rank correlations. Intervals are
    percentile bootstrap over items (Efron, 1979), from `seed`. Give `regraded` (replicates, n)
    where one set of anchors graded all items (see `regrade`): row by row it replaces the projected
    grades in the samples, so that the intervals know of the boundaries' error too. Raises
    ValueError when lengths differ or a label is not on the scale.
    """
    sizes = {len(projected), len(known)}
    sizes |= {len(scores)} if scores is not None else set()
    if regraded is not None:
        replicates, width = regraded.shape
        sizes.add(width)
    if len(sizes) > 1:
        raise ValueError("projected grades, known grades, scores and draws differ in length")
    both = [
        (place, scale.index(mine), scale.index(theirs))
        for place, (mine, theirs) in enumerate(zip(projected, known, strict=True))
        if mine is not None and theirs is not None
    ]
    table = np.array(both, dtype=np.intp).reshape(-1, 3)
    place, mine, theirs = table.T
    ranked = mine.astype(np.float64) if scores is None else np.asarray(scores)[place]
    steps = len(scale)
    n = mine.size
    measure = Bootstrap(n, seed=seed, replicates=replicates).measure
    draws = mine[None] if regraded is None else regraded[:, place]

    def graded(statistic: Callable[[IntArray, IntArray], FloatArray]) -> Measure:
        """Of projected and known grades."""

        def redrawn(some: slice, rows: IntArray) -> FloatArray:
            drawn = np.take_along_axis(draws[some], rows, axis=1)
            found = statistic(drawn, theirs[rows])
            found[(drawn < 0).any(axis=1)] = np.nan
            return found

        return measure(
            lambda rows: statistic(mine[rows], theirs[rows]),
            None if regraded is None else redrawn,
        )

    return Agreement(
        n=n,
        exact=graded(lambda one, other: (one == other).mean(axis=1)),
        adjacent=graded(lambda one, other: (np.abs(one - other) <= 1).mean(axis=1)),
        kappa=graded(lambda one, other: weighted_kappa(one, other, steps)),
        # Of scores; other boundaries do not change these two.
        tau_b=measure(lambda rows: tau_b(ranked, theirs, rows)),
        spearman=measure(lambda rows: spearman(ranked, theirs, rows)),
        mean_difference=graded(lambda one, other: (one - other).mean(axis=1)),
    )


def weighted_kappa(mine: IntArray, theirs: IntArray, steps: int) -> FloatArray:
    """Quadratically weighted kappa of pairs of gradings 0..steps-1, each (m, n): (m,).

    1 - observed / expected mean squared difference, expected from the two sets of grades shuffled;
    nan where neither grading varies.
    """
    observed = ((mine - theirs) ** 2).mean(axis=1)
    grades = np.arange(steps)
    one, other = ((each[..., None] == grades).mean(axis=1) for each in (mine, theirs))
    distance = (grades[:, None] - grades) ** 2
    expected = np.einsum("mi,ij,mj->m", one, distance, other)
    found = np.full(len(observed), np.nan)
    np.divide(observed, expected, out=found, where=expected > 0)
    return 1.0 - found
