"""The comparisons of a simulated batch: what the database holds of a real one."""

from collections import Counter

import numpy as np

from assessment.pairing.states import BoolArray, FloatArray, IntArray, PairingState
from assessment.simulation.scenarios import Scenario

# A pair that failed in its wave, retries included, is proposed once more in a later one.
MAX_PROPOSALS = 2


class Book:
    """Rows in the order of their waves; (m,) each: first, second, wave, attempts, succeeded, won.

    Every row is answered: with a verdict where `succeeded`, else with an error.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.truth = scenario.qualities(seed)
        self.pairs: IntArray = np.empty((0, 2), dtype=np.int64)
        self.wave: IntArray = np.empty(0, dtype=np.int64)
        self.attempts: IntArray = np.empty(0, dtype=np.int64)
        self.succeeded: BoolArray = np.empty(0, dtype=np.bool_)
        self.first_won: BoolArray = np.empty(0, dtype=np.bool_)
        self._rng = np.random.default_rng([seed, 2])

    @property
    def submitted(self) -> int:
        return len(self.pairs)

    @property
    def completed(self) -> int:
        return int(self.succeeded.sum())

    def judge_wave(self, number: int, pairs: IntArray) -> None:
        """Add the ordered pairs (k, 2) of a wave, each asked once."""
        answered, won = self.scenario.judge.verdicts(self.truth, pairs, self._rng)
        self.pairs = np.concatenate([self.pairs, pairs])
        self.wave = np.concatenate([self.wave, np.full(len(pairs), number)])
        self.attempts = np.concatenate([self.attempts, np.ones(len(pairs), dtype=np.int64)])
        self.succeeded = np.concatenate([self.succeeded, answered])
        self.first_won = np.concatenate([self.first_won, won & answered])

    def judge_again(self, rows: IntArray) -> None:
        """Ask failed rows once more, on the same rows."""
        answered, won = self.scenario.judge.verdicts(self.truth, self.pairs[rows], self._rng)
        self.attempts[rows] += 1
        self.succeeded[rows] = answered
        self.first_won[rows] = won & answered

    def retryable(self, number: int) -> IntArray:
        """Failed rows of a wave with attempts left."""
        open_rows = ~self.succeeded & (self.wave == number)
        return np.flatnonzero(open_rows & (self.attempts <= self.scenario.limits.max_retry_rounds))

    def waves_without_success(self) -> int:
        """Waves at the end in which nothing succeeded."""
        last = int(self.wave.max(initial=0))
        return last - int(self.wave[self.succeeded].max(initial=0))

    def pairing_state(
        self,
        scores: FloatArray | None,
        se: FloatArray | None = None,
        covariance: FloatArray | None = None,
    ) -> PairingState:
        """What the pair generator may know."""
        live = self.pairs[self.succeeded]
        return PairingState(
            n=self.scenario.size,
            is_anchor=np.arange(self.scenario.size) < self.scenario.anchors,
            first=live[:, 0],
            second=live[:, 1],
            succeeded=np.ones(len(live), dtype=np.bool_),
            scores=scores,
            compare_anchors=self.scenario.compare_anchors,
            judgements_per_pair=self.scenario.judgements_per_pair,
            balance_positions=self.scenario.balance_positions,
            closed=self._closed(),
            se=se,
            covariance=covariance,
        )

    def _closed(self) -> IntArray:
        failed = Counter((min(a, b), max(a, b)) for a, b in self.pairs[~self.succeeded].tolist())
        closed = sorted(pair for pair, count in failed.items() if count >= MAX_PROPOSALS)
        return np.array(closed, dtype=np.int64).reshape(-1, 2)
