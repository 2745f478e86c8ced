"""Speed and accuracy of the scores against choix and evalica, on the same data.

    python benchmarks/measurement.py                      # needs numpy and scipy only
    pip install choix evalica                             # into another environment, to compare
    OPENBLAS_NUM_THREADS=1 python benchmarks/measurement.py --libraries

Every essay has a win and a loss (evalica gives all essays one score otherwise). "error" is the
largest distance, in logits, from the maximum-likelihood scores; fits with a prior have none. choix
is run for one iteration on the largest case, which is a lower bound of its time. "everything" is
scores, SEs, sigma, and reliability with its interval.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assessment.measurement.arrays import BoolArray, FloatArray, IntArray  # noqa: E402
from assessment.measurement.bradley_terry import fit  # noqa: E402
from assessment.measurement.reliability import marginal_reliability  # noqa: E402

CASES = ((1_000, 20_000), (1_000, 400_000), (10_000, 1_000_000))
SD = 1.5


@dataclass(frozen=True)
class Decisions:
    n: int
    first: IntArray
    second: IntArray
    first_won: BoolArray


def simulate(n: int, m: int, seed: int = 0) -> Decisions:
    """Random pairs; a ring in which everyone beats the next gives each essay a win and a loss."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.0, SD, n)
    first = rng.integers(0, n, m)
    second = (first + rng.integers(1, n, m)) % n
    won = rng.random(m) < expit(truth[first] - truth[second])
    first[:n], second[:n], won[:n] = np.arange(n), (np.arange(n) + 1) % n, True
    return Decisions(n, first, second, won)


def centred(scores: FloatArray) -> FloatArray:
    return np.asarray(scores - scores.mean())


def ours(data: Decisions) -> dict[str, Callable[[], FloatArray | None]]:
    rows = (data.n, data.first, data.second, data.first_won)

    def scores(**options: object) -> Callable[[], FloatArray]:
        return lambda: fit(*rows, position_effect=False, **options).scores  # type: ignore[arg-type]

    def with_prior(**options: object) -> Callable[[], None]:
        def run() -> None:
            fit(*rows, **options)  # type: ignore[arg-type]

        return run

    def everything() -> None:
        marginal_reliability(fit(*rows))

    return {
        "ours, maximum likelihood": scores(prior=False, compute_se=False),
        "ours, sigma given": with_prior(sigma=SD, compute_se=False),
        "ours, sigma given, with SEs": with_prior(sigma=SD),
        "ours, sigma estimated, scores": with_prior(compute_se=False),
        "ours, everything": everything,
    }


def theirs(data: Decisions) -> dict[str, Callable[[], FloatArray | None]]:
    import choix
    import evalica

    winner = np.where(data.first_won, data.first, data.second)
    loser = np.where(data.first_won, data.second, data.first)
    pairs = list(zip(winner.tolist(), loser.tolist(), strict=True))
    names = list(range(data.n))
    left, right = data.first.tolist(), data.second.tolist()
    results = [evalica.Winner.X if won else evalica.Winner.Y for won in data.first_won]

    def run_evalica() -> FloatArray:
        result = evalica.bradley_terry(left, right, results, limit=10_000)
        return centred(np.log(result.scores.reindex(names).to_numpy()))

    def run_choix() -> FloatArray:
        return centred(np.asarray(choix.ilsr_pairwise(data.n, pairs, max_iter=1_000)))

    def one_round_of_choix() -> None:
        choix.lsr_pairwise(data.n, pairs)

    if data.n > 5_000:
        return {"evalica": run_evalica, "choix, one round": one_round_of_choix}
    return {"evalica": run_evalica, "choix": run_choix}


def measure(
    run: Callable[[], FloatArray | None], repeats: int
) -> tuple[float, float, FloatArray | None]:
    """Best wall and best processor time of `repeats`; one run is enough if it takes a minute."""
    wall, processor, spent = np.inf, np.inf, 0.0
    result: FloatArray | None = None
    for _ in range(repeats):
        begin, begin_processor = time.perf_counter(), time.process_time()
        result = run()
        took = time.perf_counter() - begin
        wall, spent = min(wall, took), spent + took
        processor = min(processor, time.process_time() - begin_processor)
        if spent > 60:
            break
    return wall, processor, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", action="store_true", help="also run choix and evalica")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cases", type=int, nargs="*", default=list(range(len(CASES))))
    options = parser.parse_args()
    print(f"threads: {os.environ.get('OPENBLAS_NUM_THREADS', 'library default')}")
    print(f"{'essays':>7} {'decisions':>10}  {'method':32} {'wall s':>9} {'cpu s':>9} {'error':>7}")
    for case in options.cases:
        n, m = CASES[case]
        data = simulate(n, m)
        exact: FloatArray | None = None
        runs = ours(data) | (theirs(data) if options.libraries else {})
        for name, run in runs.items():
            wall, processor, scores = measure(run, options.repeats)
            if exact is None:
                exact = scores
            error = "" if scores is None or exact is None else f"{np.abs(scores - exact).max():.0e}"
            print(f"{n:7} {m:10}  {name:32} {wall:9.3f} {processor:9.3f} {error:>7}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
