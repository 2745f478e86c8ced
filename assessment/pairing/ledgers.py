"""Running totals of a batch while a wave is being put together."""

from collections import Counter
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
        self._text = list(range(n)) if state.texts is None else state.texts.tolist()
        self._alike = Counter(self._text)
        self._may_meet = self._counted()
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
        """No more pairs than this can be shown with each essay in one of them."""
        students = self.n - sum(self._apart)
        return min(self.n // 2, students, self.n - max(self._alike.values(), default=0))

    def admits(self, a: int, b: int) -> bool:
        """Whether `a` and `b` may meet and have not met."""
        return b not in self._partners[a] and not self._barred(a, b)

    def saturated(self, item: int) -> bool:
        """Whether `item` has met everybody it may meet."""
        return self._met(item) == self._may_meet[item]

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
        return (sum(self._may_meet) - sum(map(self._met, range(self.n)))) // 2

    def unmet(self) -> Iterator[tuple[int, int]]:
        """The pairs that may still be shown for the first time, each once, lower index first."""
        students = [item for item in range(self.n) if not self._apart[item]]
        for a in range(self.n):
            others = students if self._apart[a] else range(a + 1, self.n)
            for b in others:
                if b > a and self.admits(a, b):
                    yield a, b

    def _counted(self) -> list[int]:
        """How many others each essay may meet."""
        essays = list(zip(self._text, self._apart, strict=True))
        apart = Counter(text for text, is_apart in essays if is_apart)
        return [
            self.n - self._alike[text] - (apart.total() - apart[text] if is_apart else 0)
            for text, is_apart in essays
        ]

    def _barred(self, a: int, b: int) -> bool:
        """Whether `a` and `b` must never meet; so it is with one essay and itself."""
        return self._text[a] == self._text[b] or (self._apart[a] and self._apart[b])

    def _met(self, item: int) -> int:
        """How many of those it may meet `item` has met."""
        partners = self._partners[item]
        if self._may_meet[item] == self.n - 1:
            return len(partners)
        return sum(not self._barred(item, other) for other in partners)

    def _show(self, first: int, second: int) -> None:
        self.pairs_shown += 1
        self.lead[first] += 1
        self.lead[second] -= 1
        self._partners[first].add(second)
        self._partners[second].add(first)
        self.components.join(first, second)
