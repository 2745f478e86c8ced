"""Who was named first (A) and second (B) in a run, and how often the first won."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from assessment.pairing.balances import Evenness
from assessment.reports.balances import balance_in
from assessment.reports.schema import RunDocument

FEWEST_EXPECTED = 5


@dataclass(frozen=True)
class Positions:
    """Comparisons that did not fail, by place: of the others a judge may have seen some.

    places          (times named first, times named second) of anchors and of students
    anchor_first    of the comparisons of an anchor with a student, those naming the anchor first
    evenness        chi-square of all essays' places against a fair coin for each comparison
    anchors         the same of anchor against student
    first_won       verdicts for the essay named first, of `verdicts`
    """

    places: dict[str, tuple[int, int]]
    anchor_first: int
    anchor_met: int
    evenness: Evenness | None
    anchors: Evenness | None
    first_won: int
    verdicts: int


def positions(document: RunDocument) -> Positions:
    balance = balance_in(document)
    winners = Counter(row["winner"] for row in document["comparisons"] if row["winner"])
    return Positions(
        places={
            role: (
                sum(essay.first for essay in balance.essays if essay.is_anchor == anchor),
                sum(essay.second for essay in balance.essays if essay.is_anchor == anchor),
            )
            for role, anchor in (("anchor", True), ("student", False))
        },
        anchor_first=balance.anchor_first,
        anchor_met=balance.anchor_met,
        evenness=balance.overall,
        anchors=balance.anchors,
        first_won=winners["essay_a"],
        verdicts=winners.total(),
    )


def same_share(hits: tuple[int, int], of: tuple[int, int]) -> Evenness | None:
    """Pearson's chi-square of "both runs have one share" (1 df, no correction).

    None where a run has nothing, or an expected count is below 5, and the test says nothing.
    """
    table = np.array([[hit, n - hit] for hit, n in zip(hits, of, strict=True)], dtype=np.float64)
    if not all(of) or not all(table.sum(axis=0)):
        return None
    # Here, since it takes half a second to load and few commands come this far.
    from scipy.stats import chi2_contingency

    found = chi2_contingency(table, correction=False)
    if found.expected_freq.min() < FEWEST_EXPECTED:
        return None
    return Evenness(float(found.statistic), 1, float(found.pvalue))
