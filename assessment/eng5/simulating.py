"""`eng5 simulate`: made-up essays, the real pairs, fit and decisions, and no database."""

import json
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from assessment.conf import get_settings
from assessment.eng5.bad_options import BadOption
from assessment.eng5.running import Output
from assessment.eng5.tables import write_table
from assessment.intake import EssayFile, InputError, read_truth
from assessment.intake.tables import read_rows
from assessment.lifecycle.waves.finishing import limits_in_force
from assessment.lifecycle.waves.plans import wave_rules
from assessment.measurement.scales import parse_scale
from assessment.modes import LLMBatchingMode
from assessment.reports.charts.axes import whole_ticks
from assessment.simulation.pictures import accuracy_picture
from assessment.simulation.runs import WaveRow, run
from assessment.simulation.scenarios import Judge, Scenario
from assessment.simulation.tables import MeanRow, ending, mean_rows

ESSAYS, TRUE_SD = 24, 1.5
MOST_LINES = 12  # waves printed for a strategy; --json has them all

Runs = list[list[WaveRow]]


def simulate(options: Namespace, out: Output, err: Output) -> bool:
    """Print what each strategy brings and costs. Nothing is stored, and no judge is asked."""
    scenarios = _scenarios(options)
    if options.picture:
        _check_place(options.picture)
    console = Console(stderr=True)
    runs: dict[str, Runs] = {}
    for name, scenario in scenarios.items():
        seeds = range(options.seed, options.seed + options.seeds)
        # To the end: rows of batches that went on alone would be rows of the unlucky ones.
        runs[name] = [
            run(scenario, seed, to_the_end=True)
            for seed in track(
                seeds, name, console=console, transient=True, disable=not sys.stderr.isatty()
            )
        ]
    tables = {name: mean_rows(found) for name, found in runs.items()}
    if options.picture:
        _draw(options.picture, tables)
    first = next(iter(scenarios.values()))
    if options.json:
        out.write(json.dumps(_document(first, options, runs, tables), indent=1))
    else:
        _print(first, options, runs, tables, out)
    return True


def _scenarios(options: Namespace) -> dict[str, Scenario]:
    """One scenario for each strategy asked for, alike in all else."""
    settings = get_settings()
    mode = LLMBatchingMode(options.llm_batching_mode or settings.LLM_BATCHING_MODE)
    default = "blocks" if mode is LLMBatchingMode.SERIAL_BUNDLE else "balanced"
    budget = options.max_comparisons or settings.MAX_PAIRWISE_COMPARISONS
    if budget > settings.MAX_COMPARISONS_CEILING:
        raise BadOption(
            f"--max-comparisons: {budget} is more than a batch may have; give at most "
            f"{settings.MAX_COMPARISONS_CEILING}"
        )
    truth = _truth(options)
    return {
        strategy: Scenario(
            n=options.essays or ESSAYS,
            true_sd=TRUE_SD if options.true_sd is None else options.true_sd,
            truth=truth,
            judge=Judge(options.slope, options.bias, options.failure_rate),
            strategy=strategy,
            mode=mode,
            budget=budget,
            judgements_per_pair=options.judgements_per_pair,
            balance_positions=settings.ENABLE_COMPARISON_POSITION_BALANCING,
            rules=wave_rules(),
            limits=limits_in_force(),
            stability_threshold=settings.SCORE_STABILITY_THRESHOLD,
            min_comparisons=settings.MIN_COMPARISONS_FOR_STABILITY_CHECK,
        )
        for strategy in options.pairing_strategy or [default]
    }


def _truth(options: Namespace) -> tuple[float, ...] | None:
    """The qualities in the file, in grade steps; None where essays are to be made up."""
    if options.truth is None:
        return None
    if options.essays is not None or options.true_sd is not None:
        raise BadOption("give either --truth or --essays and --true-sd, not both")
    try:
        labels = parse_scale(options.grade_scale).labels
    except ValueError as error:
        raise BadOption(f"--grade-scale: {error}") from None
    # There are no texts: a name stands for the hash by which the truth is known.
    essays = [
        EssayFile(row.file, "student", options.truth, text="", sha256=row.file, words=0)
        for row in read_rows(options.truth)
    ]
    if len(essays) < 2:
        raise InputError(
            str(options.truth), "names fewer than two essays", "Give a row for each essay."
        )
    return tuple(read_truth(options.truth, essays, labels).values())


def _check_place(picture: Path) -> None:
    if picture.is_dir() or not picture.absolute().parent.is_dir():
        raise BadOption(f"--picture: {picture}: name a file in a folder that exists")


def _draw(picture: Path, tables: Mapping[str, Sequence[MeanRow]]) -> None:
    try:
        picture.write_text(accuracy_picture(tables), encoding="utf-8")
    except OSError as error:
        raise BadOption(f"--picture: {picture}: {error.strerror}. Name another file") from None


def _print(
    scenario: Scenario,
    options: Namespace,
    runs: Mapping[str, Runs],
    tables: Mapping[str, Sequence[MeanRow]],
    out: Output,
) -> None:
    spread = "from the file" if scenario.truth else f"of true SD {scenario.true_sd:g}"
    out.write(
        f"{scenario.size} essays {spread}, judge of slope {scenario.judge.slope:g}, bias "
        f"{scenario.judge.position_bias:g}, failure rate {scenario.judge.failure_rate:g}; "
        f"{scenario.mode.value}, at most {scenario.budget} comparisons, {options.seeds} batches "
        f"of each strategy (seeds from {options.seed})"
    )
    for name, table in tables.items():
        out.write(f"\n{name}: means after a wave; batches go on past an early stop")
        shown = set(whole_ticks(len(table), MOST_LINES))
        write_table(
            ("wave", "batches", "an essay", "true r2", "printed", "shown", "tau")
            + ("texts/comparison", "ended"),
            [_cells(row) for row in table if row.wave in shown],
            out,
        )
    out.write("\nWhere batches end, means")
    write_table(
        ("strategy", "comparisons", "an essay", "true r2", "printed", "shown", "tau")
        + ("texts/comparison",),
        [(name, *_end_cells(end_figures(found))) for name, found in runs.items()],
        out,
    )
    for name, found in runs.items():
        reasons = ", ".join(f"{word} {times}" for word, times in reasons_of(found).items())
        out.write(f"  {name} ended by: {reasons}")
    out.write(
        "An essay: comparisons per essay. Printed: the reliability a user would read, 0 where "
        "none is shown; shown: the share of batches that show one. Ended: the share of batches "
        "that have stopped by then."
    )
    if options.picture:
        out.write(f"Picture: {options.picture}")


def _cells(row: MeanRow) -> tuple[str, ...]:
    return (
        str(row.wave),
        str(row.runs),
        f"{row.per_essay:.1f}",
        f"{row.true_r2:.3f}",
        f"{row.printed:.3f}",
        f"{row.shown:.2f}",
        f"{row.tau:.3f}",
        _texts(row.per_essay, row.texts_per_comparison),
        f"{row.stopped:.2f}",
    )


def _end_cells(end: Mapping[str, float]) -> tuple[str, ...]:
    return (
        f"{end['comparisons']:.0f}",
        f"{end['per_essay']:.1f}",
        f"{end['true_r2']:.3f}",
        f"{end['printed']:.3f}",
        f"{end['shown']:.2f}",
        f"{end['tau']:.3f}",
        _texts(end["per_essay"], end["texts_per_comparison"]),
    )


def _texts(per_essay: float, texts: float) -> str:
    return f"{texts:.2f}" if per_essay else "–"


def end_figures(runs: Runs) -> dict[str, float]:
    """Means where the batches end, with the names that the waves have."""
    (row,) = mean_rows([[ending(found)] for found in runs])
    comparisons = sum(ending(found).comparisons for found in runs) / len(runs)
    kept = ("per_essay", "true_r2", "printed", "shown", "tau", "texts", "texts_per_comparison")
    return {"comparisons": comparisons, **{key: getattr(row, key) for key in kept}}


def reasons_of(runs: Runs) -> dict[str, int]:
    """Batches by their stop reason, the most frequent first."""
    return dict(Counter(ending(found).stop_reason or "none" for found in runs).most_common())


def _document(
    scenario: Scenario,
    options: Namespace,
    runs: Mapping[str, Runs],
    tables: Mapping[str, Sequence[MeanRow]],
) -> dict[str, Any]:
    made_up = scenario.truth is None
    return {
        "scenario": {
            "essays": scenario.size,
            "true_sd": scenario.true_sd if made_up else None,
            "truth": None if made_up else options.truth.name,
            **asdict(scenario.judge),
            "llm_batching_mode": scenario.mode.value,
            "max_comparisons": scenario.budget,
            "judgements_per_pair": scenario.judgements_per_pair,
            "balance_positions": scenario.balance_positions,
            "stability_threshold": scenario.stability_threshold,
            "min_comparisons_for_stability": scenario.min_comparisons,
            "wave_rules": asdict(scenario.rules),
            "limits": asdict(scenario.limits),
            "seed": options.seed,
            "seeds": options.seeds,
        },
        "strategies": {
            name: {
                "stop_reasons": reasons_of(runs[name]),
                "at_the_end": end_figures(runs[name]),
                "waves": [asdict(row) for row in table],
            }
            for name, table in tables.items()
        },
    }
