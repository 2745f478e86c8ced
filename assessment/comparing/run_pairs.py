"""Two runs on the same essays, compared in every respect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessment.comparing.configurations import Difference, differences
from assessment.comparing.efforts import Effort, effort
from assessment.comparing.essays import NotComparable, shared_essays
from assessment.comparing.failures import Failures, failed_calls, failed_comparisons
from assessment.comparing.positions import Positions, positions, same_share
from assessment.comparing.rankings import (
    GradeAgreement,
    OrderAgreement,
    PlacedEssay,
    ScoreAgreement,
    grade_agreement,
    order_agreement,
    placed_essays,
    score_agreement,
)
from assessment.comparing.tallies import Tally, tallies
from assessment.comparing.verdicts import VerdictAgreement, verdict_agreement
from assessment.pairing.balances import Evenness
from assessment.reports.schema import RunDocument

Event = Mapping[str, Any] | None


@dataclass(frozen=True)
class RunHead:
    """What a run is called, and how it ended."""

    label: str
    batch: int
    mode: str
    strategy: str
    judges: tuple[str, ...]
    mock: bool
    status: str
    stop_reason: str


@dataclass(frozen=True)
class RunPair:
    """The first and the second of everything, and how far they agree.

    same_ranks    whether every student has the same rank in both; None where a run has no ranks
    ranked        students with a rank in the first run, and in the second
    """

    heads: tuple[RunHead, RunHead]
    configuration: list[Difference]
    students: OrderAgreement
    everybody: OrderAgreement
    same_ranks: bool | None
    ranked: tuple[int, int]
    scores: ScoreAgreement
    grades: GradeAgreement | None
    verdicts: VerdictAgreement
    calls: tuple[Failures, Failures]
    comparisons: tuple[Failures, Failures]
    positions: tuple[Positions, Positions]
    first_won: Evenness | None
    tallies: tuple[list[Tally], list[Tally]]
    efforts: tuple[Effort, Effort]
    placed: list[PlacedEssay]


def run_pair(
    one: RunDocument, other: RunDocument, events: tuple[Event, Event] = (None, None)
) -> RunPair:
    """Compare two run documents; `events` are those of their ends, where they are at hand.

    Raises NotComparable for runs that have not ended, are one run, or are of other essays.
    """
    for number, document in enumerate((one, other), 1):
        if document["run"]["finished_at"] is None:
            raise NotComparable(
                f"run {number} (batch {document['batch']['id']}) has not ended: its status is "
                f"{document['batch']['status']}. `manage.py eng5 resume` sees it through"
            )
    if one["run"].get("id") is not None and one["run"].get("id") == other["run"].get("id"):
        raise NotComparable("both are the same run")
    essays = shared_essays(one, other)
    placed = placed_essays(one, other, essays)
    students = [essay for essay in placed if not essay.is_anchor]
    ranked = _ranked(one), _ranked(other)
    seen = positions(one), positions(other)
    return RunPair(
        heads=(_head(one), _head(other)),
        configuration=differences(one, other, essays),
        students=order_agreement(students),
        everybody=order_agreement(placed),
        same_ranks=_same_ranks(students, ranked, sum(not essay.is_anchor for essay in essays)),
        ranked=ranked,
        scores=score_agreement(placed),
        grades=grade_agreement(placed, one, other),
        verdicts=verdict_agreement(one, other, essays),
        calls=(failed_calls(one), failed_calls(other)),
        comparisons=(failed_comparisons(one), failed_comparisons(other)),
        positions=seen,
        first_won=same_share(
            (seen[0].first_won, seen[1].first_won), (seen[0].verdicts, seen[1].verdicts)
        ),
        tallies=(tallies(one, events[0]), tallies(other, events[1])),
        efforts=(effort(one), effort(other)),
        placed=placed,
    )


def _ranked(document: RunDocument) -> int:
    return sum(row["role"] == "student" and row["score"] is not None for row in document["results"])


def _same_ranks(students: Sequence[PlacedEssay], ranked: tuple[int, int], of: int) -> bool | None:
    """`students`: those that both runs have scored, of all."""
    if not all(ranked):
        return None
    return len(students) == of and all(len(set(essay.ranks)) == 1 for essay in students)


def _head(document: RunDocument) -> RunHead:
    batch = document["batch"]
    return RunHead(
        label=document["run"]["label"],
        batch=batch["id"],
        mode=batch["llm_batching_mode"],
        strategy=batch.get("pairing_strategy", ""),
        judges=tuple(f"{one['provider']}:{one['model']}" for one in batch.get("judges", ())),
        mock=batch["mock"],
        status=batch["status"],
        stop_reason=batch["stop_reason"] or "",
    )
