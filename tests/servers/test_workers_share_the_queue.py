"""Several worker processes on PostgreSQL take turns at one queue, and never share a comparison."""

from pathlib import Path

import pytest

from tests.servers.processes import wait_until
from tests.servers.sites import Site, sample_run

pytestmark = pytest.mark.servers

COMPARISONS = 60
SECONDS = 400


def begin(site: Site, output: Path, seed: int):
    return site.start_manage(
        *sample_run(output, "--max-comparisons", str(COMPARISONS), "--seed", str(seed)),
        *("--llm-batching-mode", "per_request"),
    )


def test_two_batches_and_three_workers_end_without_a_deadlock(make_site, postgresql, tmp_path):
    """T1, T9, T11: every comparison is one call, claimed once; both batches are served together."""
    with make_site(
        CJ_ASSESSMENT_SERVICE_COMPARISONS_PER_STABILITY_CHECK_ITERATION=str(COMPARISONS)
    ) as site:
        site.start_beat()
        workers = site.start_workers("one", "two", "three", concurrency=3)
        runs = [begin(site, tmp_path / str(seed), seed) for seed in (1, 2)]
        wait_until(
            lambda: all(run.returncode is not None for run in runs),
            SECONDS,
            "both runs to end",
            [*runs, *workers],
        )
        assert [run.returncode for run in runs] == [0, 0]
        assert site.value("SELECT count(*) FROM llmprovider_queueitem WHERE claims <> 1") == 0
        calls = site.value("SELECT count(*) FROM llmprovider_providercall")
        assert calls == site.value("SELECT count(*) FROM llmprovider_queueitem") == 2 * COMPARISONS
        assert postgresql.deadlocks(site.database_url.rsplit("/", 1)[-1]) == []
        for worker in workers:
            assert " ERROR " not in worker.stderr, worker.tail()
        # While both had work their calls alternate, give or take one for each of 9 workers.
        order = [
            key
            for (key,) in site.rows(
                "SELECT batch_key FROM llmprovider_providercall ORDER BY started_at"
            )
        ]
        last = {key: len(order) - order[::-1].index(key) for key in set(order)}
        first = {key: order.index(key) for key in set(order)}
        shared = order[max(first.values()) : min(last.values())]
        counts = [shared.count(key) for key in set(order)]
        assert abs(counts[0] - counts[1]) <= 9 + len(shared) // 10
