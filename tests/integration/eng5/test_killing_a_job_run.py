"""A command that runs by batch jobs, killed anywhere: no job is bought twice, no result is lost."""

from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

import pytest

from llmprovider.emulator import Emulator, SetClock
from tests.integration.eng5.job_runs import BY_JOBS, JUDGES, SOON, charged, clock, slow
from tests.integration.eng5.runner import count, read_run, start

__all__ = ["clock", "slow"]

ALL = 7200.0  # seconds in which the vendors end every job
Seen = Callable[[Path, Emulator], bool]


def rows(where: str) -> Seen:
    return lambda data_dir, emulator: count(data_dir, where) > 0


# What a test waits for before it kills the command, and whether the jobs have ended by then; more
# moments in tests/servers/test_killing_workers_of_batch_jobs.py.
POINTS: dict[str, tuple[Seen, bool]] = {
    "before create": (rows("llmprovider_batchjob"), False),
    "once the vendor has the job": (lambda data_dir, emulator: bool(emulator.jobs), False),
    "while collecting": (rows("llmprovider_providercall WHERE finished_at IS NOT NULL"), True),
}


@pytest.mark.parametrize("point", POINTS)
def test_it_goes_on_where_it_was_killed(
    point: str, slow: Emulator, clock: SetClock, essays, data_dir: Path, tmp_path: Path
) -> None:
    """T19, issue 6: with real processes; one job a judge, one result a pair, one bill."""
    seen, ended = POINTS[point]
    environment = {**slow.environment, **SOON}
    options = (*essays, *JUDGES, *BY_JOBS, "--seed", "1", "--output", tmp_path / "run")
    running = start(data_dir, "execute", *options, **environment)
    if ended:
        running.wait_until(lambda: len(slow.jobs) == 2)
        # The results of one job do not come, so that the command is still at it when it is killed.
        slow.fail_next("timeout", at="results")
        clock.move(ALL)
    assert running.stop_when(lambda: seen(data_dir, slow), SIGKILL).code == -SIGKILL

    watching = start(data_dir, "watch", "1", **environment)
    watching.wait_until(lambda: len(slow.jobs) == 2)
    clock.move(ALL)
    finished = watching.finish()
    assert finished.code == 0, finished.err

    run = read_run(tmp_path / "run")
    assert run["batch"]["status"] == "COMPLETED"
    pairs = {frozenset((row["essay_a"], row["essay_b"])) for row in run["comparisons"]}
    assert len(pairs) == len(run["comparisons"]) == run["batch"]["completed"] == 55
    assert len(slow.jobs) == 2 and {job["vendor"] for job in slow.jobs} == {"anthropic", "openai"}
    assert sum(job["counts"]["succeeded"] for job in slow.jobs) == 55
    # The command may have died before a job was sent: its requests failed, and went with another.
    assert sum(call["items"] for call in run["calls"] if call["error_type"] is None) == 55
    assert {call["error_type"] for call in run["calls"]} <= {None, "connection"}
    assert run["cost"]["usd"] == charged(slow)
