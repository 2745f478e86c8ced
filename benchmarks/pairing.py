"""What the ways of choosing pairs cost and buy: tables for docs/pairing.md and docs/simulation.md.

    OPENBLAS_NUM_THREADS=1 python benchmarks/pairing.py speed
    OPENBLAS_NUM_THREADS=1 python benchmarks/pairing.py accuracy [--picture FILE.svg]
    OPENBLAS_NUM_THREADS=1 python benchmarks/pairing.py reliability
    OPENBLAS_NUM_THREADS=1 python benchmarks/pairing.py coins
    OPENBLAS_NUM_THREADS=1 python benchmarks/pairing.py stopping

`--seeds N` changes how many batches are simulated. Seeds are paired: every strategy gets the same
essays. In `speed` every essay has had ten comparisons; up to 2,000 essays `adaptive` gets a
covariance matrix, as a fit has one, above it standard errors. Each of its cases runs in a process
of its own, whose peak is that of all it holds, libraries (about 105 MB) and the batch included.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assessment.pairing.plans import WaveRules  # noqa: E402
from assessment.pairing.states import PairingState  # noqa: E402
from assessment.pairing.waves import Strategy, plan_wave  # noqa: E402
from assessment.simulation.pictures import accuracy_picture  # noqa: E402
from assessment.simulation.runs import WaveRow, run  # noqa: E402
from assessment.simulation.scenarios import Judge, Scenario, SimulatedStrategy  # noqa: E402
from assessment.simulation.tables import (  # noqa: E402
    MeanRow,
    comparisons_needed,
    endings,
    mean_rows,
)

COVARIANCE_LIMIT = 2000
WAVES_BEFORE = 10
COMPARED: tuple[SimulatedStrategy, ...] = ("random", "balanced", "adaptive")
CHECKED: tuple[SimulatedStrategy, ...] = ("random", "adaptive")
PLANNED: tuple[Strategy, ...] = ("balanced", "blocks", "adaptive")


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def head(*names: str) -> None:
    write(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")


def batch(n: int) -> PairingState:
    """n essays after ten waves of random pairs, nobody compared more often than others."""
    rng = np.random.default_rng(n)
    rows = [rng.permutation(n)[: n - n % 2].reshape(-1, 2) for _ in range(WAVES_BEFORE)]
    pairs = np.concatenate(rows)
    se = rng.uniform(0.4, 0.7, n)
    covariance = None
    if n <= COVARIANCE_LIMIT:
        covariance = np.diag(se**2) - np.outer(se, se) / n
    return PairingState(
        n=n,
        is_anchor=np.zeros(n, dtype=np.bool_),
        first=pairs[:, 0],
        second=pairs[:, 1],
        succeeded=np.ones(len(pairs), dtype=np.bool_),
        scores=rng.normal(0.0, 1.5, n),
        se=se,
        covariance=covariance,
    )


def one_wave(n: int, strategy: Strategy) -> tuple[int, float, float]:
    """Pairs planned, processor seconds, and peak memory of the process in MB."""
    state = batch(n)
    size = n * 7 // 2 if strategy == "blocks" else n // 2
    begin = time.process_time()
    plan = plan_wave(state, strategy=strategy, size=size, seed=1, wave=11)
    seconds = time.process_time() - begin
    return len(plan), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed() -> None:
    head("essays", "strategy", "pairs", "seconds", "peak MB")
    fresh = multiprocessing.get_context("spawn")
    for n in (100, 1000, 2000, 5000, 10_000):
        for planned in PLANNED:
            with fresh.Pool(1) as process:
                pairs, seconds, peak = process.apply(one_wave, (n, planned))
            write(f"| {n:,} | `{planned}` | {pairs:,} | {seconds:.2f} | {peak:.0f} |")


def simulated(scenario: Scenario, seeds: int, *, to_the_end: bool = True) -> list[list[WaveRow]]:
    return [run(scenario, seed, to_the_end=to_the_end) for seed in range(seeds)]


def accuracy(seeds: int, picture: str | None) -> None:
    """n=100, true SD 1.5, no anchors, waves of n/2."""
    tables: dict[str, list[MeanRow]] = {}
    head("strategy", "an essay", "true r2", "printed", "tau", "texts")
    for strategy in COMPARED:
        scenario = Scenario(n=100, strategy=strategy, budget=1300)
        tables[strategy] = mean_rows(simulated(scenario, seeds))
        for row in tables[strategy]:
            if row.wave in (6, 9, 12, 15, 20, 26):
                figures = f"{row.true_r2:.3f} | {row.printed:.3f} | {row.tau:.3f} | {row.texts:.0f}"
                write(f"| `{strategy}` | {row.per_essay:.0f} | {figures} |")
    write("")
    head("strategy", "r2 .80 at", "of random", "r2 .88 at", "of random", "largest bias from .80 on")
    for name, table in tables.items():
        cells = []
        for goal in (0.80, 0.88):
            needed = comparisons_needed(table, goal)
            random = comparisons_needed(tables["random"], goal)
            if needed is None or random is None:
                raise SystemExit(f"{name} never reaches {goal}; simulate more comparisons")
            cells.append(f"{needed:.1f} | {needed / random:.3f}")
        bias = max((row.bias for row in table if row.true_r2 >= 0.80), key=abs)
        write(f"| `{name}` | {' | '.join(cells)} | {bias:+.3f} |")
    if picture:
        Path(picture).write_text(accuracy_picture(tables), encoding="utf-8")


def reliability(seeds: int) -> None:
    """Mean of printed minus true squared correlation; silence counts as 0."""
    head("selection", "n", "true SD", "12 an essay", "20", "30")
    for strategy in CHECKED:
        for n in (60, 100):
            for sd in (1.0, 1.5, 2.0):
                scenario = Scenario(n=n, true_sd=sd, strategy=strategy, budget=15 * n)
                table = mean_rows(simulated(scenario, seeds))
                cells = [f"{table[wave - 1].bias:+.3f}" for wave in (12, 20, 30)]
                write(f"| `{strategy}` | {n} | {sd} | {' | '.join(cells)} |")


def coins(seeds: int) -> None:
    """No true difference at all: how often nothing is printed, and the mean with silence as 0."""
    head("n", "comparisons an essay", "no number", "mean")
    for n in (20, 60):
        rules = WaveRules(minimum=n // 2)
        scenario = Scenario(n=n, true_sd=0.0, strategy="adaptive", budget=5 * n, rules=rules)
        table = mean_rows(simulated(scenario, seeds))
        for wave in (6, 10):
            row = table[wave - 1]
            write(f"| {n} | {wave} | {1 - row.shown:.3f} | {row.printed:.3f} |")


def stopping(seeds: int) -> None:
    """Where batches end by the project's own rules, with judges who agree and judges who do not."""
    head(
        "judges", "n", "strategy", "ended by", "stable by 16", "an essay", "fewest", "fewest new",
        "true r2", "printed",
    )  # fmt: skip
    for name, slope in (("consistent", 20.0), ("noisy", 1.0)):
        for n in (24, 100):
            for strategy in CHECKED:
                scenario = Scenario(
                    n=n,
                    strategy=strategy,
                    judge=Judge(slope=slope),
                    budget=20 * n,
                    rules=WaveRules(minimum=n // 2),
                )
                runs = simulated(scenario, seeds, to_the_end=False)
                ends = endings(runs)
                early = [
                    rows[-1].stop_reason == "stable" and rows[-1].per_essay <= 16 for rows in runs
                ]
                reasons = ", ".join(f"{word} {count}" for word, count in ends.reasons.items())
                write(
                    f"| {name} | {n} | `{strategy}` | {reasons} | {np.mean(early):.2f} "
                    f"| {ends.per_essay:.1f} | {ends.fewest_per_essay:.1f} | {ends.fewest_new} "
                    f"| {ends.true_r2:.3f} | {ends.printed:.3f} |"
                )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tables = ["speed", "accuracy", "reliability", "coins", "stopping"]
    parser.add_argument("table", choices=tables)
    parser.add_argument("--seeds", type=int, default=None)
    parser.add_argument("--picture", default=None, help="where `accuracy` draws its curves")
    wanted = parser.parse_args()
    if wanted.table == "speed":
        speed()
    elif wanted.table == "accuracy":
        accuracy(wanted.seeds or 200, wanted.picture)
    elif wanted.table == "reliability":
        reliability(wanted.seeds or 24)
    elif wanted.table == "coins":
        coins(wanted.seeds or 200)
    else:
        stopping(wanted.seeds or 100)


if __name__ == "__main__":
    main()
