"""Where one grade ends and the next begins, in logits, from anchors of known grade.

Each grade has a centre, the mean score of its anchors; centres are kept in order by isotonic
regression (pool adjacent violators: Ayer et al., 1955). Grades without anchors between two
anchored ones are spaced evenly; nothing is extrapolated past the outermost anchored grades. A
boundary lies midway between two centres (contrasting groups: Livingston & Zieky, 1982). Chances
follow the adjacent-categories logit model (Goodman, 1983; Agresti, 2010) that normal scores around
each centre lead to: on a boundary both neighbours are equally likely, and the likeliest grade is
always the one in whose band the score lies.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from assessment.measurement.arrays import FloatArray, IntArray

EVEN_BAND = 1.0 / 12.0
"""Variance of an evenly filled band, in squared band widths."""

PRIOR_DF = 4.0
"""Anchors' worth of belief in evenly filled bands, before their real spread is seen."""

STEP_DOUBT = 0.5
"""Relative SD of a step between grades where no anchor shows it."""


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Centres (k,) of the grades from `lowest` to `highest` (positions on the scale), in logits.

    `centre_variances` (k,) say how sure the centres are, and `within_variance` how far true scores
    of one grade spread around its centre; both in squared logits.
    """

    lowest: int
    highest: int
    centres: FloatArray
    centre_variances: FloatArray
    within_variance: float

    @property
    def positions(self) -> FloatArray:
        """Boundaries (k - 1,): entry i parts grade lowest + i from the one above."""
        middles: FloatArray = (self.centres[1:] + self.centres[:-1]) / 2
        return middles

    @property
    def variances(self) -> FloatArray:
        """Squared standard errors of the boundaries (k - 1,)."""
        sums: FloatArray = (self.centre_variances[1:] + self.centre_variances[:-1]) / 4
        return sums

    def probabilities(self, scores: FloatArray, variances: FloatArray) -> FloatArray:
        """P(grade) for m scores with their squared SEs (m,), shape (m, k); rows sum to 1.

        log P(g + 1) / P(g) = (score - boundary) * (distance of centres) / (spread inside a grade
        + variance of the score + mean variance of both centres).
        """
        blur = self.within_variance + 2.0 * self.variances + variances[:, None]
        odds = (scores[:, None] - self.positions) * np.diff(self.centres) / blur
        start = np.zeros((scores.size, 1))
        result: FloatArray = softmax(np.hstack([start, np.cumsum(odds, axis=1)]), axis=1)
        return result

    def band(self, scores: FloatArray) -> IntArray:
        """The grade whose band holds each score, as a position on the scale."""
        return self.lowest + np.searchsorted(self.positions, scores, side="right")


def find_thresholds(
    grades: IntArray, scores: FloatArray, variances: FloatArray
) -> Thresholds | None:
    """Thresholds from anchors: position of their grade on the scale, score, squared SE, all (a,).

    None unless there are two distinct grades and the centres rise from the lowest to the highest.
    """
    levels, member = np.unique(grades, return_inverse=True)
    if levels.size < 2:
        return None
    counts = np.bincount(member).astype(np.float64)
    means, blocks = isotonic(np.bincount(member, scores) / counts, counts)
    step = (means[-1] - means[0]) / (levels[-1] - levels[0])
    if step <= 0:
        return None
    within = _within_variance(scores, variances, means[member], blocks[member], step)
    block_counts = np.bincount(blocks, counts)
    block_errors = np.bincount(blocks[member], variances) / block_counts
    mean_variances = ((within + block_errors) / block_counts)[blocks]

    every = np.arange(levels[0], levels[-1] + 1)
    above = np.clip(np.searchsorted(levels, every), 1, levels.size - 1)
    below = above - 1
    gap = levels[above] - levels[below]
    share = (every - levels[below]) / gap
    width = (means[above] - means[below]) / gap
    return Thresholds(
        lowest=int(levels[0]),
        highest=int(levels[-1]),
        centres=np.interp(every, levels, means),
        centre_variances=(1 - share) ** 2 * mean_variances[below]
        + share**2 * mean_variances[above]
        + gap * share * (1 - share) * (STEP_DOUBT * width) ** 2,
        within_variance=within,
    )


def isotonic(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, IntArray]:
    """Closest non-decreasing sequence to `values` (k,), and the pooled block of each entry.

    Only entries that are out of order are pooled, each block taking its weighted mean.
    """
    level: list[float] = []
    weight: list[float] = []
    size: list[int] = []
    for value, load in zip(values, weights, strict=True):
        level.append(float(value))
        weight.append(float(load))
        size.append(1)
        while len(level) > 1 and level[-2] > level[-1]:
            total = weight[-2] + weight[-1]
            level[-2] = (weight[-2] * level[-2] + weight[-1] * level[-1]) / total
            weight[-2], size[-2] = total, size[-2] + size[-1]
            del level[-1], weight[-1], size[-1]
    return np.repeat(level, size), np.repeat(np.arange(len(size)), size)


def _within_variance(
    scores: FloatArray, variances: FloatArray, means: FloatArray, blocks: IntArray, step: float
) -> float:
    """Spread of true scores around the mean of their grade, pooled over grades (logits squared).

    What the SEs explain is taken off; the rest is averaged with that of evenly filled bands,
    weighted as 4 anchors, so that one anchor a grade does not look exact.
    """
    freedom = float(scores.size - (int(blocks.max()) + 1))
    even = EVEN_BAND * step**2
    if freedom <= 0:
        return even
    # An anchor alone in its block says nothing about spread.
    shared = np.bincount(blocks)[blocks] > 1
    seen = float(((scores - means) ** 2).sum()) / freedom - float(variances[shared].mean())
    return (PRIOR_DF * even + freedom * max(0.0, seen)) / (PRIOR_DF + freedom)
