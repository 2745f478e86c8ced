"""Running totals of a batch while a wave is being put together."""

from collections.abc import Iterator

import numpy as np

from assessment.pairing.components import Components
from assessment.pairing.orientation import Pair, coin, in_order
from assessment.pairing.states import PairingState


class Ledger:
    """Counts, positions, partners and links, kept up to date pair by pair.

    counts: successful comparisons of each essay, plus those planned in this wave.
    lead: times named first minus times named second, over all pairs that have not failed.
    components: which essays hang together through such pairs.
    pairs_shown: all pairs that have not failed, those planned included.
    balanced: whether positions are being balanced at all.
    """

    def __init__(self, state: PairingState) -> None:
        n = state.n
        self.n = n
        self.balanced = state.balance_positions
        self.pairs_shown = 0
        self.counts = [0] * n
        self.lead = [0] * n
        self.components = Components(n)
        self._apart = [bool(a) and not state.compare_anchors for a in state.is_anchor]
        self._partners: list[set[int]] = [set() for _ in range(n)]
        history = zip(
            state.first.tolist(), state.second.tolist(), state.succeeded.tolist(), strict=True
        )
        for first, second, succeeded in history:
            self._show(first, second)
            if succeeded:
                self.counts[first] += 1
                self.counts[second] += 1
        for a, b in state.closed.tolist():
            self._partners[a].add(b)
            self._partners[b].add(a)

    @property
    def untouched(self) -> bool:
        """True while no two essays have been linked."""
        return self.components.count == self.n

    @property
    def connected(self) -> bool:
        return self.components.count <= 1

    @property
    def disjoint_pairs(self) -> int:
        """The most pairs that can be shown with each essay in one of them."""
        students = self.n - sum(self._apart)
        return min(self.n // 2, students)

    def admits(self, a: int, b: int) -> bool:
        """Whether `a` and `b` may meet and have not met."""
        return a != b and b not in self._partners[a] and not (self._apart[a] and self._apart[b])

    def saturated(self, item: int) -> bool:
        """Whether `item` has met everybody it may meet."""
        partners = self._partners[item]
        if not self._apart[item]:
            return len(partners) == self.n - 1
        return sum(not self._apart[other] for other in partners) == self.n - sum(self._apart)

    def restricted(self, item: int) -> bool:
        """Whether `item` may meet students only."""
        return self._apart[item]

    def add(self, a: int, b: int, rng: np.random.Generator) -> Pair:
        """Take a planned pair into the totals; returns it in the order that suits the leads."""
        order = in_order(a, b, self.lead, rng) if self.balanced else coin(a, b, rng)
        self._show(*order)
        self.counts[a] += 1
        self.counts[b] += 1
        return order

    def unmet_count(self) -> int:
        """How many pairs may still be shown for the first time."""
        apart = sum(self._apart)
        eligible = self.n * (self.n - 1) // 2 - apart * (apart - 1) // 2
        met = 0
        for item, partners in enumerate(self._partners):
            if self._apart[item]:
                met += sum(not self._apart[other] for other in partners)
            else:
                met += len(partners)
        return eligible - met // 2

    def unmet(self) -> Iterator[tuple[int, int]]:
        """The pairs that may still be shown for the first time, each once, lower index first."""
        students = [item for item in range(self.n) if not self._apart[item]]
        for a in range(self.n):
            others = students if self._apart[a] else range(a + 1, self.n)
            for b in others:
                if b > a and self.admits(a, b):
                    yield a, b

    def _show(self, first: int, second: int) -> None:
        self.pairs_shown += 1
        self.lead[first] += 1
        self.lead[second] -= 1
        self._partners[first].add(second)
        self._partners[second].add(first)
        self.components.join(first, second)
