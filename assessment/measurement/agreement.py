"""Agreement between projected grades and known ones, with bootstrap intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray, IntArray
from assessment.measurement.bootstraps import REPLICATES, SEED, Bootstrap, Measure
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

    def graded(statistic: Callable[[IntArray, IntArray], float]) -> Measure:
        """Of projected and known grades."""

        def redrawn(number: int, rows: IntArray) -> float:
            drawn = draws[number, rows]
            return float("nan") if (drawn < 0).any() else statistic(drawn, theirs[rows])

        return measure(
            lambda rows: statistic(mine[rows], theirs[rows]),
            None if regraded is None else redrawn,
        )

    def ordered(statistic: Callable[[FloatArray, IntArray], float]) -> Measure:
        """Of scores and known grades; other boundaries do not change it."""
        return measure(lambda rows: statistic(ranked[rows], theirs[rows]))

    return Agreement(
        n=n,
        exact=graded(lambda one, other: float((one == other).mean())),
        adjacent=graded(lambda one, other: float((np.abs(one - other) <= 1).mean())),
        kappa=graded(lambda one, other: weighted_kappa(one, other, steps)),
        tau_b=ordered(tau_b),
        spearman=ordered(spearman),
        mean_difference=graded(lambda one, other: float((one - other).mean())),
    )


def weighted_kappa(mine: IntArray, theirs: IntArray, steps: int) -> float:
    """Quadratically weighted kappa of two gradings 0..steps-1; nan when neither one varies.

    1 - observed / expected mean squared difference, expected from the two sets of grades shuffled.
    """
    observed = float(((mine - theirs) ** 2).mean())
    one = np.bincount(mine, minlength=steps) / mine.size
    other = np.bincount(theirs, minlength=steps) / theirs.size
    distance = (np.arange(steps)[:, None] - np.arange(steps)) ** 2
    expected = float(one @ distance @ other)
    return 1.0 - observed / expected if expected > 0 else float("nan")


def tau_b(mine: FloatArray | IntArray, theirs: FloatArray | IntArray) -> float:
    """Kendall's tau-b; nan when either side is constant."""
    if mine.size < 2 or np.ptp(mine) == 0 or np.ptp(theirs) == 0:
        return float("nan")
    # Here, since it takes half a second to load and few commands come this far.
    from scipy.stats import kendalltau

    return float(kendalltau(mine, theirs).statistic)


def spearman(mine: FloatArray | IntArray, theirs: FloatArray | IntArray) -> float:
    """Spearman's rank correlation with mean ranks for ties; nan when either side is constant."""
    if mine.size < 2 or np.ptp(mine) == 0 or np.ptp(theirs) == 0:
        return float("nan")
    from scipy.stats import rankdata  # here, as above

    return float(np.corrcoef(rankdata(mine), rankdata(theirs))[0, 1])
