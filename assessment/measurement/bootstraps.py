"""Percentile bootstrap intervals (Efron, 1979) of a statistic over items."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import IntArray

SEED = 11
REPLICATES = 1_000


@dataclass(frozen=True)
class Measure:
    """A statistic with the bounds of its 95 % bootstrap interval; None where undefined."""

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

    def measure(self, statistic: Callable[[IntArray], float]) -> Measure:
        """`statistic` of all items, and its interval; it is given the rows of a sample (n,)."""
        value = statistic(np.arange(self._n)) if self._n else np.nan
        if not np.isfinite(value):
            return Measure(None, None, None)
        drawn = np.array([statistic(sample) for sample in self._samples])
        drawn = drawn[np.isfinite(drawn)]
        if self._n < 2 or drawn.size < len(self._samples) / 2:
            return Measure(float(value), None, None)
        low, high = np.quantile(drawn, [0.025, 0.975])
        return Measure(float(value), float(low), float(high))
