"""What is simulated: essays of known quality, a judge who errs, and the rules of the batch."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from assessment.continuation import Limits
from assessment.measurement.stability import MIN_COMPARISONS, THRESHOLD
from assessment.modes import LLMBatchingMode
from assessment.pairing.plans import WaveRules
from assessment.pairing.states import BoolArray, FloatArray, IntArray

SimulatedStrategy = Literal["random", "balanced", "blocks", "adaptive"]


@dataclass(frozen=True)
class Judge:
    """P(first wins) = 1 / (1 + exp(-(slope (q_first - q_second) + position_bias))).

    slope: logits per unit of true quality; the higher, the more consistent the judge.
    position_bias: logits in favour of the essay named first.
    failure_rate: share of calls, 0 to 1, that bring an error instead of a verdict.
    """

    slope: float = 1.0
    position_bias: float = 0.0
    failure_rate: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.failure_rate <= 1.0:
            raise ValueError(f"failure_rate must be from 0 to 1, not {self.failure_rate}")
        if not (np.isfinite(self.slope) and np.isfinite(self.position_bias)):
            raise ValueError("slope and position_bias must be finite numbers")

    def verdicts(
        self, truth: FloatArray, pairs: IntArray, rng: np.random.Generator
    ) -> tuple[BoolArray, BoolArray]:
        """For each of the ordered pairs (k, 2): whether it was answered, and if the first won."""
        ahead = self.slope * (truth[pairs[:, 0]] - truth[pairs[:, 1]]) + self.position_bias
        won = ahead + rng.logistic(size=len(pairs)) > 0.0
        return rng.random(len(pairs)) >= self.failure_rate, won


def _limits() -> Limits:
    return Limits(
        max_retry_rounds=2,
        max_consecutive_failed_waves=2,
        min_success_rate=0.8,
        max_iterations=50,
        iterative=True,
    )


@dataclass(frozen=True)
class Scenario:
    """One batch to simulate; the defaults are those of the settings.

    n, true_sd: number of essays, and SD of the normal distribution their quality is drawn from.
    truth: qualities to use instead of drawn ones; n and true_sd are not looked at then.
    anchors: how many essays, counted from the first, are anchors.
    strategy: how pairs are chosen; "random" is `balanced` with the scores hidden from it.
    budget: most comparisons. judge, rules, limits: see there.
    stability_threshold, min_comparisons: see `check_stability`.

    Raises ValueError for fewer than two essays, a truth that is not finite, or more anchors than
    essays.
    """

    n: int = 24
    true_sd: float = 1.5
    truth: tuple[float, ...] | None = None
    anchors: int = 0
    compare_anchors: bool = True
    judge: Judge = field(default_factory=Judge)
    strategy: SimulatedStrategy = "balanced"
    mode: LLMBatchingMode = LLMBatchingMode.PER_REQUEST
    budget: int = 1000
    judgements_per_pair: int = 1
    balance_positions: bool = True
    rules: WaveRules = field(default_factory=WaveRules)
    limits: Limits = field(default_factory=_limits)
    stability_threshold: float = THRESHOLD
    min_comparisons: int = MIN_COMPARISONS

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ValueError(f"a simulation needs at least two essays, not {self.size}")
        if not 0 <= self.anchors <= self.size:
            raise ValueError(f"{self.anchors} anchors among {self.size} essays")
        if self.truth is not None and not np.all(np.isfinite(self.truth)):
            raise ValueError("true qualities must be finite numbers")
        if not (np.isfinite(self.true_sd) and self.true_sd >= 0.0):
            raise ValueError(f"true_sd must not be negative: {self.true_sd}")

    @property
    def size(self) -> int:
        """Number of essays, anchors included."""
        return self.n if self.truth is None else len(self.truth)

    def qualities(self, seed: int) -> FloatArray:
        """True quality (n,) of each essay: the same for every strategy of one seed."""
        if self.truth is not None:
            return np.array(self.truth, dtype=np.float64)
        return np.random.default_rng([seed, 1]).normal(0.0, self.true_sd, self.n)
