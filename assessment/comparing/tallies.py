"""What a run says of itself, against what its rows come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assessment.reports.schema import RunDocument


@dataclass(frozen=True)
class Tally:
    """A number that was logged, and the same counted anew; `name` says of what."""

    name: str
    logged: int
    counted: int

    @property
    def agree(self) -> bool:
        return self.logged == self.counted


def tallies(document: RunDocument, event: Mapping[str, Any] | None = None) -> list[Tally]:
    """Every logged number with its count.

    `event`: the document of the batch's outgoing event, where the database is at hand.
    """
    batch, rows = document["batch"], document["comparisons"]
    judged = sum(row["winner"] is not None for row in rows)
    failed = sum(row["error"] is not None for row in rows)
    last_wave = max((wave["number"] for wave in document["waves"]), default=0)
    found = [
        Tally("sent, by the batch's counter", batch["submitted"], len(rows)),
        Tally("judged, by the batch's counter", batch["completed"], judged),
        Tally("failed, by the batch's counter", batch["failed"], failed),
        Tally("waves, by the last one's number", last_wave, len(document["waves"])),
    ]
    if batch["status"] == "COMPLETED":
        if document["waves"]:
            last = document["waves"][-1]["successes"]
            found.append(Tally("judged, by the last decision", last, judged))
        scored = sum(row["comparisons"] for row in document["results"])
        found.append(Tally("essays' comparisons in the scores", scored, 2 * judged))
    if event is not None:
        found.append(Tally("judged, by the event of its end", event["completed"], judged))
        found.append(Tally("failed, by the event of its end", event["failed"], failed))
    return found
