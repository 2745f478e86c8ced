"""What pair generation needs to know about a batch, as plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def _no_pairs() -> IntArray:
    return np.empty((0, 2), dtype=np.int64)


def text_numbers(texts: Sequence[str]) -> IntArray:
    """(n,) numbers, equal where the texts, or their hashes, are; for `PairingState.texts`."""
    _, numbers = np.unique(np.array(texts, dtype=np.str_), return_inverse=True)
    return numbers.astype(np.int64)


@dataclass(frozen=True, eq=False)
class PairingState:
    """One batch before a wave. Essays are the indices 0..n-1, students and anchors alike.

    n: number of essays.
    is_anchor: (n,) True for essays of known grade.
    first, second: (m,) every pair of the batch that has not failed, in the order shown; `first` was
        named first. Pairs whose only result is an error are left out, so they may come again.
    succeeded: (m,) True where a verdict exists, False while the answer is pending.
    scores: (n,) current scores in logits, or None before the first fit.
    se: (n,) standard errors of the scores, and covariance: (n, n) of the centred scores where a fit
        has one. `adaptive` needs either; without both it pairs as `balanced` does.
    compare_anchors: whether two anchors may meet.
    judgements_per_pair: how often one unordered pair may be shown.
    balance_positions: False replaces position balancing by a seeded coin.
    closed: (k, 2) pairs that must not be proposed again although they have no verdict (attempts
        used up). They count neither as comparisons nor as links of the graph.
    texts: (n,) equal numbers where two essays are the same text, which never meet: a verdict
        between them would be about their places alone. None where all differ.

    Raises ValueError where the arrays do not fit together.
    """

    n: int
    is_anchor: BoolArray
    first: IntArray
    second: IntArray
    succeeded: BoolArray
    scores: FloatArray | None = None
    compare_anchors: bool = True
    judgements_per_pair: int = 1
    balance_positions: bool = True
    closed: IntArray = field(default_factory=_no_pairs)
    se: FloatArray | None = None
    covariance: FloatArray | None = field(default=None, repr=False)
    texts: IntArray | None = None

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(f"the number of essays cannot be {self.n}")
        if self.is_anchor.shape != (self.n,):
            raise ValueError(f"is_anchor has shape {self.is_anchor.shape}, expected ({self.n},)")
        if self.texts is not None and self.texts.shape != (self.n,):
            raise ValueError(f"texts has shape {self.texts.shape}, expected ({self.n},)")
        if not self.first.shape == self.second.shape == self.succeeded.shape == (len(self.first),):
            raise ValueError("first, second and succeeded must be of one length")
        if self.closed.ndim != 2 or self.closed.shape[1] != 2:
            raise ValueError(f"closed has shape {self.closed.shape}, expected (k, 2)")
        for name, items in (
            ("first", self.first),
            ("second", self.second),
            ("closed", self.closed),
        ):
            if items.size and (items.min() < 0 or items.max() >= self.n):
                raise ValueError(f"{name} names an essay outside 0..{self.n - 1}")
        if np.any(self.first == self.second):
            raise ValueError("an essay cannot be compared with itself")
        if self.scores is not None:
            if self.scores.shape != (self.n,):
                raise ValueError(f"scores has shape {self.scores.shape}, expected ({self.n},)")
            if not np.all(np.isfinite(self.scores)):
                raise ValueError("scores must be finite")
        for name, spread, shape in (
            ("se", self.se, (self.n,)),
            ("covariance", self.covariance, (self.n, self.n)),
        ):
            if spread is None:
                continue
            if spread.shape != shape:
                raise ValueError(f"{name} has shape {spread.shape}, expected {shape}")
            if self.scores is None or not np.all(np.isfinite(spread)):
                raise ValueError(f"{name} must be finite, and comes with scores")
        if self.judgements_per_pair < 1:
            raise ValueError(f"judgements_per_pair must be at least 1: {self.judgements_per_pair}")

    @property
    def has_twins(self) -> bool:
        """Whether two essays are the same text."""
        return self.texts is not None and len(np.unique(self.texts)) < self.n

    def after(self, pairs: IntArray) -> "PairingState":
        """The state once the ordered `pairs` (k, 2) have been shown and answered."""
        return replace(
            self,
            first=np.concatenate([self.first, pairs[:, 0]]),
            second=np.concatenate([self.second, pairs[:, 1]]),
            succeeded=np.concatenate([self.succeeded, np.ones(len(pairs), dtype=np.bool_)]),
        )
