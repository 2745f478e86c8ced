"""Percentile bootstrap intervals (Efron, 1979) of a statistic over items."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import FloatArray, IntArray

SEED = 11
REPLICATES = 1_000

FEWEST_FOR_AN_INTERVAL = 12
"""Items: 95 % bounds of a rank correlation hold for 93 % then, for 68 % at 8 items."""

_NO_WIDTH = 1e-9

# Drawn items that a statistic is given at a time.
_MOST_PLACES = 1_000_000


@dataclass(frozen=True)
class Measure:
    """A statistic with the bounds of its 95 % bootstrap interval; None where undefined.

    There are no bounds of fewer than FEWEST_FOR_AN_INTERVAL items, nor where every sample gives one
    figure: they would not hold what they say.
    """

    value: float | None
    low: float | None
    high: float | None


class Bootstrap:
    """The same samples of `n` items for every statistic that is measured with it."""

    def __init__(self, n: int, *, seed: int = SEED, replicates: int = REPLICATES) -> None:
        generator = np.random.default_rng(seed)
        self._n = n
        self._samples = (
            generator.integers(0, n, (replicates, n)) if n else np.zeros((0, 0), np.intp)
        )

    def measure(
        self,
        statistic: Callable[[IntArray], FloatArray],
        redrawn: Callable[[slice, IntArray], FloatArray] | None = None,
    ) -> Measure:
        """`statistic` of all items, and its interval; it is given the rows of m samples (m, n), and
        gives (m,).

        `redrawn`, if given, stands for it in the samples of this slice: where more than the choice
        of items differs from sample to sample.
        """
        value = float(statistic(np.arange(self._n)[None])[0]) if self._n else np.nan
        if not np.isfinite(value):
            return Measure(None, None, None)
        if self._n < FEWEST_FOR_AN_INTERVAL:
            return Measure(value, None, None)
        found = []
        for some in self._some_at_a_time():
            rows = self._samples[some]
            found.append(redrawn(some, rows) if redrawn else statistic(rows))
        drawn = np.concatenate(found)
        drawn = drawn[np.isfinite(drawn)]
        if drawn.size < len(self._samples) / 2:
            return Measure(value, None, None)
        low, high = np.quantile(drawn, [0.025, 0.975])
        if redrawn:
            # Boundaries that vary about the found ones may agree less than these at every draw.
            low, high = min(low, value), max(high, value)
        if high - low < _NO_WIDTH:
            return Measure(value, None, None)
        return Measure(value, float(low), float(high))

    def _some_at_a_time(self) -> Iterator[slice]:
        step = max(1, _MOST_PLACES // self._n)
        for start in range(0, len(self._samples), step):
            yield slice(start, start + step)
