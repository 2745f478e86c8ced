"""Time and memory of one wave of n/2 pairs, by strategy and number of essays.

    OPENBLAS_NUM_THREADS=1 python benchmarks/pairing.py [--essays 1000 10000]

Every essay has had ten comparisons. Up to 2,000 essays `adaptive` gets a covariance matrix, as a
fit has one; above, standard errors. Each case runs in a process of its own, whose peak is that of
all it holds, numpy (38 MB) and the batch included.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assessment.pairing.states import PairingState  # noqa: E402
from assessment.pairing.waves import Strategy, plan_wave  # noqa: E402

COVARIANCE_LIMIT = 2000
WAVES_BEFORE = 10
STRATEGIES: tuple[Strategy, ...] = ("balanced", "blocks", "adaptive")


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


def measure(n: int, strategy: Strategy) -> tuple[int, float, float]:
    """Pairs planned, processor seconds, and peak memory of the process in MB."""
    state = batch(n)
    size = n * 7 // 2 if strategy == "blocks" else n // 2
    begin = time.process_time()
    plan = plan_wave(state, strategy=strategy, size=size, seed=1, wave=11)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return len(plan), seconds, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--essays", type=int, nargs="+", default=[100, 1000, 2000, 5000, 10_000])
    wanted = parser.parse_args().essays
    write = sys.stdout.write
    write("| essays | strategy | pairs | seconds | peak MB |\n|---|---|---|---|---|\n")
    fresh = multiprocessing.get_context("spawn")
    for n in wanted:
        for strategy in STRATEGIES:
            with fresh.Pool(1) as process:
                pairs, seconds, peak = process.apply(measure, (n, strategy))
            write(f"| {n:,} | `{strategy}` | {pairs:,} | {seconds:.2f} | {peak:.0f} |\n")


if __name__ == "__main__":
    main()
