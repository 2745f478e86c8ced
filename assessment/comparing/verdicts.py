"""How far two runs' judges agree on the pairs that both of them saw."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessment.comparing.essays import SharedEssay
from assessment.comparing.shares import Share
from assessment.reports.schema import RunDocument

# Numbers of the essays named first and second, and of the winner.
Verdict = tuple[int, int, int]


@dataclass(frozen=True)
class VerdictAgreement:
    """What became of the pairs, whatever their order.

    pairs              pairs with a verdict in the first run, and in the second
    shared             share of the pairs judged in both that have the same winner
    same_order         of the comparisons of those that were shown in the same order in both
    other_order        of those shown in opposite orders: a judge that favours a place errs here
    same_comparisons   whether both runs judged the same pairs in the same orders, as often; None
                       where a run has no verdict
    same_verdicts      whether they also found the same winners; None likewise
    """

    pairs: tuple[int, int]
    shared: Share
    same_order: Share
    other_order: Share
    same_comparisons: bool | None
    same_verdicts: bool | None


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
    both = bool(mine and theirs)
    return VerdictAgreement(
        pairs=(len(by_pair[0]), len(by_pair[1])),
        shared=Share(agreeing, len(shared)),
        same_order=Share(*ordered[True]),
        other_order=Share(*ordered[False]),
        same_comparisons=sorted(v[:2] for v in mine) == sorted(v[:2] for v in theirs)
        if both
        else None,
        same_verdicts=sorted(mine) == sorted(theirs) if both else None,
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
