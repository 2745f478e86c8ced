"""Many simulated batches as one table: means over seeds after each wave, and how they ended."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assessment.simulation.runs import WaveRow

Run = Sequence[WaveRow]


@dataclass(frozen=True)
class MeanRow:
    """Means over the runs that have a wave of this number.

    printed counts 0 where no number is shown; shown is the share of runs that show one.
    bias: mean of printed minus true_r2. texts_per_comparison: texts sent for each verdict.
    stopped: share of all runs that have ended, or would have, with this wave or before.
    """

    wave: int
    runs: int
    per_essay: float
    true_r2: float
    printed: float
    bias: float
    shown: float
    tau: float
    texts: float
    texts_per_comparison: float
    stopped: float


@dataclass(frozen=True)
class Endings:
    """How the runs ended: the first stop reason of each, and where it came.

    reasons: stop reason -> number of runs. The other figures are means at that wave; fewest and
    fewest_new are the smallest comparisons per essay and new verdicts at it.
    """

    runs: int
    reasons: dict[str, int]
    comparisons: float
    per_essay: float
    fewest_per_essay: float
    fewest_new: int
    true_r2: float
    printed: float
    texts: float


def mean_rows(runs: Sequence[Run]) -> list[MeanRow]:
    """A row per wave, as long as any run has one."""
    ends = [ending(run).wave for run in runs if run]
    table = []
    for index in range(max(map(len, runs), default=0)):
        rows = [run[index] for run in runs if len(run) > index]
        printed = _mean([row.printed or 0.0 for row in rows])
        true_r2, texts = _mean([row.true_r2 for row in rows]), _mean([row.texts for row in rows])
        comparisons = sum(row.comparisons for row in rows)
        table.append(
            MeanRow(
                wave=index + 1,
                runs=len(rows),
                per_essay=_mean([row.per_essay for row in rows]),
                true_r2=true_r2,
                printed=printed,
                bias=printed - true_r2,
                shown=_mean([row.printed is not None for row in rows]),
                tau=_mean([row.tau for row in rows]),
                texts=texts,
                texts_per_comparison=texts * len(rows) / comparisons if comparisons else 0.0,
                stopped=_mean([end <= index + 1 for end in ends]),
            )
        )
    return table


def ending(run: Run) -> WaveRow:
    """The row at which a run ended, or would have, had it not been told to go on."""
    return next((row for row in run if row.stop_reason), run[-1])


def endings(runs: Sequence[Run]) -> Endings:
    """Raises ValueError without any run that holds a wave."""
    rows = [ending(run) for run in runs if run]
    if not rows:
        raise ValueError("no run holds a wave")
    return Endings(
        runs=len(rows),
        reasons=dict(Counter(row.stop_reason or "none" for row in rows).most_common()),
        comparisons=_mean([row.comparisons for row in rows]),
        per_essay=_mean([row.per_essay for row in rows]),
        fewest_per_essay=min(row.per_essay for row in rows),
        fewest_new=min(row.new for row in rows),
        true_r2=_mean([row.true_r2 for row in rows]),
        printed=_mean([row.printed or 0.0 for row in rows]),
        texts=_mean([row.texts for row in rows]),
    )


def comparisons_needed(table: Sequence[MeanRow], true_r2: float) -> float | None:
    """Comparisons per essay at which the mean true r2 first reaches a value, interpolated.

    None where it never does.
    """
    before: MeanRow | None = None
    for row in table:
        if row.true_r2 >= true_r2:
            if before is None:
                return row.per_essay
            share = (true_r2 - before.true_r2) / (row.true_r2 - before.true_r2)
            return before.per_essay + share * (row.per_essay - before.per_essay)
        before = row
    return None


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
