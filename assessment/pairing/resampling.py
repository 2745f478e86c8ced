"""RESAMPLING: pairs shown again, in the order not shown yet, with everybody taking part alike."""

from collections.abc import Sequence

import numpy as np

from assessment.pairing.matchings import Seating
from assessment.pairing.orientation import Pair, coin, in_order
from assessment.pairing.positions import ANY, STRICT
from assessment.pairing.states import PairingState

# A wave that came out short is drafted anew, up to this often.
DRAFTS = 5


class Pass:
    """One more showing of every pair that has been shown least.

    lead: times named first minus times named second, over all pairs that have not failed.
    part: how many pairs of each essay have been shown in this pass.
    disjoint_pairs: the most pairs that can be shown with each essay in one of them.
    due: for each essay the partners it is still to meet in this pass, those shown longest ago
        first, with the sign of the order that is due: 1 named first, -1 second, 0 either.
    """

    def __init__(self, state: PairingState) -> None:
        self.balanced = state.balance_positions
        self.lead = [0] * state.n
        self.part = [0] * state.n
        self.due: list[dict[int, int]] = [{} for _ in range(state.n)]
        shown: dict[Pair, list[int]] = {}
        for first, second in zip(state.first.tolist(), state.second.tolist(), strict=True):
            self.lead[first] += 1
            self.lead[second] -= 1
            pair = (min(first, second), max(first, second))
            shown.setdefault(pair, [0, 0])[first > second] += 1
        closed = {(min(a, b), max(a, b)) for a, b in state.closed.tolist()}
        apart = state.is_anchor & (not state.compare_anchors)
        self.all_may_meet = not apart.any() and not state.has_twins
        self.disjoint_pairs = min(state.n // 2, state.n - int(apart.sum()))
        usable = {
            pair: times
            for pair, times in shown.items()
            if pair not in closed and not (apart[pair[0]] and apart[pair[1]])
        }
        least = min((sum(times) for times in usable.values()), default=0)
        if least >= state.judgements_per_pair:
            return
        for (a, b), (forward, backward) in usable.items():
            if forward + backward > least:
                self.part[a] += 1
                self.part[b] += 1
            else:
                sign = (backward > forward) - (forward > backward)
                self.due[a][b] = sign
                self.due[b][a] = -sign

    @property
    def left(self) -> int:
        """How many pairs are still to be shown in this pass."""
        return sum(map(len, self.due)) // 2

    def fits(self, a: int, b: int, tolerance: int) -> bool:
        """Whether a pair is due and its order raises no lead above 1 (STRICT) or 2 (LENIENT)."""
        sign = self.due[a].get(b)
        if sign is None:
            return False
        if tolerance == ANY or not self.balanced:
            return True
        bound = 0 if tolerance == STRICT else 1
        if sign == 0:
            lead_a, lead_b = self.lead[a], self.lead[b]
            return lead_a * lead_b <= 0 or min(abs(lead_a), abs(lead_b)) <= bound
        return self.lead[a] * sign <= bound and -self.lead[b] * sign <= bound

    def show(self, a: int, b: int, rng: np.random.Generator) -> Pair:
        """Take a pair out of the pass; returns it in the order that is due."""
        sign = self.due[a].pop(b)
        del self.due[b][a]
        if sign:
            order = (a, b) if sign > 0 else (b, a)
        else:
            order = in_order(a, b, self.lead, rng) if self.balanced else coin(a, b, rng)
        self.lead[order[0]] += 1
        self.lead[order[1]] -= 1
        self.part[a] += 1
        self.part[b] += 1
        return order


def resampled_pairs(state: PairingState, size: int, rng: np.random.Generator) -> list[Pair]:
    """Up to `size` pairs of the current pass, each in the order it was shown less often.

    Least-engaged essays come first, and among their pairs the one shown longest ago: replaying the
    waves of coverage turned round keeps their even participation and even leads. Unless the wave
    exceeds what disjoint pairs can fill, no essay comes twice. As long as any two essays may meet,
    a wave ends early rather than let participation in the pass differ by more than 1; only where no
    even pair is left at all does one uneven pair go out alone.
    """
    longest: list[Pair] = []
    for _ in range(DRAFTS):
        resampling = Pass(state)
        wanted = min(size, resampling.left)
        draft = _draft(resampling, size, rng)
        if len(draft) > len(longest):
            longest = draft
        if len(longest) == wanted:
            break
    return longest


def _draft(resampling: Pass, size: int, rng: np.random.Generator) -> list[Pair]:
    wave: list[Pair] = []
    if size >= resampling.left and size > resampling.disjoint_pairs:
        for a, due in enumerate(resampling.due):
            for b in sorted(due):
                wave.append(resampling.show(a, b, rng))
        return wave
    while len(wave) < size:
        limit = min(size - len(wave), resampling.disjoint_pairs)
        found = _round(resampling, limit, rng)
        pairs = _evenly(resampling, found) if resampling.all_may_meet else found
        if not pairs and not wave:
            # Nothing even is left: one pair, and the next wave sees a different picture.
            pairs = found[:1]
        if not pairs:
            break
        wave.extend(resampling.show(a, b, rng) for a, b in pairs)
        if size <= resampling.disjoint_pairs:
            break
    return wave


def _round(resampling: Pass, limit: int, rng: np.random.Generator) -> list[Pair]:
    """Disjoint pairs of the pass, at most `limit`."""
    part = np.asarray(resampling.part)
    priority = [
        item for item in np.lexsort((rng.random(len(part)), part)).tolist() if resampling.due[item]
    ]
    chosen, substitutes = priority[: 2 * limit], priority[2 * limit :]
    seating = Seating(resampling.fits, resampling.part, _oldest_pairs(resampling, chosen), rng)
    # Even participation comes before even leads: substitutes are asked last.
    seating.fill(chosen, [], limit, ANY)
    seating.fill(chosen, substitutes, limit, ANY)
    return seating.pairs


def _oldest_pairs(resampling: Pass, chosen: Sequence[int]) -> list[Pair]:
    """Each essay in turn takes the free partner it met longest ago."""
    free = set(chosen)
    pairs: list[Pair] = []
    for item in chosen:
        if item not in free:
            continue
        for other in resampling.due[item]:
            if other in free and resampling.fits(item, other, STRICT):
                free -= {item, other}
                pairs.append((item, other))
                break
    return pairs


def _evenly(resampling: Pass, pairs: list[Pair]) -> list[Pair]:
    """The pairs that leave nobody in the pass more than 1 behind another."""
    part = resampling.part
    seated = {item for pair in pairs for item in pair}
    open_items = [item for item, due in enumerate(resampling.due) if due]
    behind = [part[item] for item in open_items if item not in seated]
    ceiling = min(behind, default=max(part, default=0) + 1) + 1
    return [(a, b) for a, b in pairs if max(part[a], part[b]) < ceiling]
