"""Shares, with the interval of the number that they were counted on."""

import math
from dataclasses import dataclass

from assessment.reports.figures import Z95


@dataclass(frozen=True)
class Share:
    """`hits` of `n`; bounds of the 95 % Wilson interval, None of nothing.

    `hits` may be a fraction, where a pair was judged several times and counts in part.
    """

    hits: float
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson (1927), as if each of the n were drawn by itself."""
        if not self.n:
            return None
        share, z2 = self.hits / self.n, Z95**2
        middle = (share + z2 / (2 * self.n)) / (1 + z2 / self.n)
        half = (
            Z95 / (1 + z2 / self.n) * math.sqrt(share * (1 - share) / self.n + z2 / (4 * self.n**2))
        )
        return max(0.0, middle - half), min(1.0, middle + half)
