"""How far two runs' judges agree on the pairs that both of them saw."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessment.comparing.essays import SharedEssay
from assessment.reports.figures import Z95
from assessment.reports.schema import RunDocument

# Numbers of the essays named first and second, and of the winner.
Verdict = tuple[int, int, int]


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


@dataclass(frozen=True)
class VerdictAgreement:
    """What became of the pairs, whatever their order.

    pairs              pairs with a verdict in the first run, and in the second
    shared             share of the pairs judged in both that have the same winner
    same_order         of the comparisons of those that were shown in the same order in both
    other_order        of those shown in opposite orders: a judge that favours a place errs here
    same_comparisons   whether both runs judged the same pairs in the same orders, as often
    same_verdicts      whether they also found the same winners
    """

    pairs: tuple[int, int]
    shared: Share
    same_order: Share
    other_order: Share
    same_comparisons: bool
    same_verdicts: bool


def verdict_agreement(
    one: RunDocument, other: RunDocument, essays: Sequence[SharedEssay]
) -> VerdictAgreement:
    """A pair judged several times counts once, with the share of its verdicts that agree."""
    mine, theirs = (
        _verdicts(document, {essay.names[run]: number for number, essay in enumerate(essays)})
        for run, document in enumerate((one, other))
    )
    by_pair = _by_pair(mine), _by_pair(theirs)
    agreeing = 0.0
    ordered = {True: [0, 0], False: [0, 0]}
    shared = by_pair[0].keys() & by_pair[1].keys()
    for pair in shared:
        met = [(a, b) for a in by_pair[0][pair] for b in by_pair[1][pair]]
        agreeing += sum(a[2] == b[2] for a, b in met) / len(met)
        for a, b in met:
            tally = ordered[a[0] == b[0]]
            tally[0] += a[2] == b[2]
            tally[1] += 1
    return VerdictAgreement(
        pairs=(len(by_pair[0]), len(by_pair[1])),
        shared=Share(agreeing, len(shared)),
        same_order=Share(*ordered[True]),
        other_order=Share(*ordered[False]),
        same_comparisons=sorted(v[:2] for v in mine) == sorted(v[:2] for v in theirs),
        same_verdicts=sorted(mine) == sorted(theirs),
    )


def _verdicts(document: RunDocument, numbers: Mapping[str, int]) -> list[Verdict]:
    return [
        (
            numbers[row["essay_a"]],
            numbers[row["essay_b"]],
            numbers[row[row["winner"]]],
        )
        for row in document["comparisons"]
        if row["winner"]
    ]


def _by_pair(verdicts: Sequence[Verdict]) -> dict[frozenset[int], list[Verdict]]:
    found: dict[frozenset[int], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        found[frozenset(verdict[:2])].append(verdict)
    return found
