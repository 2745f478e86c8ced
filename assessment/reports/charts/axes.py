"""Axes: from values to places, and where to put the ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Axis:
    """A straight axis from `low` to `high`, in the data's own unit."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Place of `value` along the axis, 0 at `low` and 100 at `high`."""
        return 100 * (value - self.low) / (self.high - self.low)

    def percent(self, value: float) -> str:
        """The same place as an SVG percentage."""
        return f"{self.share(value):.2f}%"

    def ticks(self, most: int = 8) -> list[float]:
        """Round values inside the axis, at most `most` of them, evenly spaced."""
        step = _step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def axis_around(values: Iterable[float], margin: float = 0.03) -> Axis:
    """An axis that holds every value with a margin (a share of the range) on both sides."""
    held = list(values) or [0.0]
    low, high = min(held), max(held)
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    pad = margin * (high - low)
    return Axis(low - pad, high + pad)


def whole_ticks(last: int, most: int = 10) -> list[int]:
    """Whole numbers from 1 to `last`, thinned to about `most`, with both ends kept."""
    step = max(1, round(_step(last / most)))
    inner = [number for number in range(step, last, step) if number > 1 and last - number >= step]
    return [1, *inner, last] if last > 1 else [1]


def tick_label(value: float) -> str:
    """A tick's value without needless decimals, with a proper minus sign."""
    return f"{value:.6g}".replace("-", "\u2212") if abs(value) > 1e-9 else "0"


def _step(rough: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    for step in STEPS:
        if step * magnitude >= rough - 1e-12:
            return step * magnitude
    return 10 * magnitude
