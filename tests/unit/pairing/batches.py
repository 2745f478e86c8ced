"""A batch that is run wave by wave with a simulated judge."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from assessment.pairing.budgets import wave_size
from assessment.pairing.components import Components
from assessment.pairing.states import IntArray, PairingState
from assessment.pairing.waves import Strategy, WavePlan, plan_wave


@dataclass
class Batch:
    """n essays, the first `anchors` of them anchors, judged by chance with probability `failing` of
    an error; scores are log odds of wins and errors follow from counts, which is enough to make
    essays close or far, sure or unsure."""

    n: int
    seed: int = 1
    anchors: int = 0
    compare_anchors: bool = True
    judgements_per_pair: int = 1
    balance_positions: bool = True
    failing: float = 0.0
    texts: Sequence[int] | None = None
    pairs: list[tuple[int, int]] = field(default_factory=list)
    waves: list[WavePlan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, 7])
        self.quality = self.rng.normal(size=self.n)
        self.wins = np.zeros(self.n)

    @property
    def state(self) -> PairingState:
        shown = np.array(self.pairs, dtype=np.int64).reshape(-1, 2)
        counts = np.bincount(shown.ravel(), minlength=self.n)
        return PairingState(
            n=self.n,
            is_anchor=np.arange(self.n) < self.anchors,
            first=shown[:, 0],
            second=shown[:, 1],
            succeeded=np.ones(len(shown), dtype=np.bool_),
            scores=np.log((self.wins + 1) / (counts - self.wins + 1)) if self.pairs else None,
            se=1 / np.sqrt(0.4 + counts / 5) if self.pairs else None,
            compare_anchors=self.compare_anchors,
            judgements_per_pair=self.judgements_per_pair,
            balance_positions=self.balance_positions,
            texts=None if self.texts is None else np.array(self.texts, dtype=np.int64),
        )

    def run(self, budget: int, strategy: Strategy = "balanced") -> Iterator[WavePlan]:
        """Plan and judge wave after wave until the budget or the pairs are used up."""
        while budget > 0:
            size = wave_size(self.n, remaining=budget)
            if strategy == "blocks":
                size = min(budget, self.n * 7 // 2)
            plan = plan_wave(
                self.state,
                strategy=strategy,
                size=size,
                seed=self.seed,
                wave=len(self.waves),
                may_be_last=budget < size + self.n // 8,
            )
            if not len(plan):
                return
            budget -= len(plan)
            self.waves.append(plan)
            self.judge(plan.pairs)
            yield plan

    def judge(self, pairs: IntArray) -> None:
        for first, second in pairs.tolist():
            if self.rng.random() < self.failing:
                continue
            ahead = self.quality[first] - self.quality[second] + self.rng.logistic() > 0
            self.wins[first if ahead else second] += 1
            self.pairs.append((first, second))


def leads(batch: Batch) -> IntArray:
    """A - B of every essay."""
    shown = np.array(batch.pairs, dtype=np.int64).reshape(-1, 2)
    first = np.bincount(shown[:, 0], minlength=batch.n)
    return first - np.bincount(shown[:, 1], minlength=batch.n)


def participation(pairs: IntArray, n: int) -> IntArray:
    return np.bincount(pairs.ravel(), minlength=n)


def unordered(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(min(pair), max(pair)) for pair in pairs]


def is_connected(batch: Batch) -> bool:
    parts = Components(batch.n)
    for first, second in batch.pairs:
        parts.join(first, second)
    return parts.count == 1
