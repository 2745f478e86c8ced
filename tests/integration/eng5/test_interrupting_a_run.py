"""Ctrl-C leaves a run that can be continued, and says how; what is judged stays judged."""

import re
from signal import SIGINT, SIGKILL

from assessment.reports.schema import validate_run
from tests.integration.eng5.conftest import MOCK, SAMPLE_OPTIONS, LongRun
from tests.integration.eng5.runner import (
    DATABASE,
    assert_as_undisturbed,
    eng5,
    judgements,
    paced,
    read_run,
    start,
)

ALL = 1_000  # calls in ten seconds: as many as come


def test_an_interrupted_run_ends_as_an_undisturbed_one(long_run: LongRun, data_dir, tmp_path):
    """Interrupted twice, continued once by its folder and once by its label."""
    output = tmp_path / "run"
    command = ["execute", *long_run.options, "--label", "spring", "--output", output]

    first = start(data_dir, *command, **paced(30))
    ended = first.stop_when(lambda: first.calls() >= 14, SIGINT)
    assert ended.code == 1
    assert "Interrupted. Batch 1 keeps everything judged so far" in ended.err
    assert "manage.py eng5 resume 1" in ended.err
    said = ended.err
    halfway = read_run(output)
    validate_run(halfway)
    assert halfway["batch"]["status"] == "COMPARING"
    assert 0 < halfway["batch"]["completed"] < 60

    before = first.calls()
    second = start(data_dir, *command, "--resume", **paced(30))
    ended = second.stop_when(lambda: second.calls() > before, SIGINT)
    assert ended.code == 1
    assert "manage.py eng5 resume 1" in ended.err
    judged = {row for row in judgements(read_run(output)) if row[3]}
    assert {row for row in judgements(halfway) if row[3]} <= judged

    eng5(data_dir, "resume", "spring", **paced(ALL)).succeeded()
    run = read_run(output)
    assert_as_undisturbed(run, long_run.undisturbed)
    assert run["run"]["id"] == halfway["run"]["id"]
    assert judged <= set(judgements(run))
    assert (output / "report.html").exists()
    assert "Traceback" not in said + ended.err


def test_ctrl_c_while_the_run_is_starting_is_no_crash(essays, data_dir, tmp_path) -> None:
    """The batch is there, though its worker is not: the lock file is the first sign of it."""
    output = tmp_path / "run"
    options = [*MOCK, "--llm-batching-mode", "per_request"]
    starting = start(data_dir, "execute", *essays, *options, "--output", output, **paced(2))
    ended = starting.stop_when((data_dir / f"{DATABASE}.lock").exists, SIGINT)
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "Interrupted. Batch 1" in ended.err
    assert "goes on in the workers" not in ended.err
    assert "manage.py eng5 resume 1" in ended.err
    validate_run(read_run(output))


def test_a_second_process_only_follows_and_a_third_can_cancel(data_dir, tmp_path) -> None:
    """Ctrl-C on the follower detaches it; the run goes on until it is cancelled, and ends 1."""
    output = tmp_path / "run"
    options = ["--llm-batching-mode", "per_request", "--max-comparisons", "500"]
    # By itself it would end after minutes.
    command = ["execute", *SAMPLE_OPTIONS, *options, "--output", output]
    working = start(data_dir, *command, **paced(12))
    working.wait_until(lambda: working.calls() > 0)

    follower = start(data_dir, "resume", "1")
    assert follower.process.stderr is not None
    assert "Another process works this database" in follower.process.stderr.readline()
    assert "wave" in follower.process.stderr.readline()
    follower.process.send_signal(SIGINT)
    detached = follower.finish()
    assert detached.code == 1
    assert "the other process that works this database goes on with it" in detached.err
    assert "eng5 resume 1" in detached.err
    assert working.process.poll() is None

    assert "Batch 1 is cancelled" in eng5(data_dir, "cancel", "1").succeeded().out
    ended = working.finish()
    assert ended.code == 1
    batch = read_run(output)["batch"]
    assert (batch["status"], batch["stop_reason"]) == ("CANCELLED", "cancelled")
    assert batch["completed"] + batch["failed"] <= batch["submitted"] < 500


def test_a_follower_takes_over_when_the_process_that_judged_is_killed(data_dir, tmp_path) -> None:
    """Two runs at once: the second waits its turn, and finishes both."""
    options = [*SAMPLE_OPTIONS, "--llm-batching-mode", "per_request", "--max-comparisons", "40"]
    # It must still be at work when the second comes, which takes its time to start.
    working = start(data_dir, "execute", *options, "--output", tmp_path / "one", **paced(2))
    working.wait_until(lambda: working.calls() > 0)
    two = ["execute", *options, "--output", tmp_path / "two"]
    waiting = start(data_dir, *two, **paced(ALL))
    assert waiting.process.stderr is not None
    while "Another process works" not in (line := waiting.process.stderr.readline()):
        assert line
    assert working.stop_when(lambda: True, SIGKILL).code == -SIGKILL
    assert waiting.finish().code == 0
    eng5(data_dir, "resume", "1").succeeded()
    runs = [read_run(tmp_path / name)["batch"]["status"] for name in ("one", "two")]
    assert runs == ["COMPLETED", "COMPLETED"]


def test_resume_refuses_a_command_line_that_asks_for_another_run(
    long_run: LongRun, data_dir, tmp_path
) -> None:
    command = ["execute", *long_run.options, "--output", tmp_path / "run"]
    running = start(data_dir, *command, **paced(20))
    running.stop_when(lambda: running.calls() >= 5, SIGINT)
    asked = eng5(data_dir, *command, "--resume", "--temperature", "0")
    assert asked.code == 2
    assert "temperature differs from batch 1's" in asked.err
    assert "eng5 resume 1" in asked.err


def test_another_run_says_what_else_it_goes_on_with_and_pays_for(data_dir, tmp_path) -> None:
    """An interrupted run is judged by whatever works its database next: nobody is to learn of it
    from the bill."""
    options = [*SAMPLE_OPTIONS, "--llm-batching-mode", "per_request", "--max-comparisons", "500"]
    mistaken = ["execute", *options, "--label", "mistake", "--output", tmp_path / "one"]
    # The first has far more calls to make than the second, which goes on with it, leaves time for.
    slow = paced(60)
    mistake = start(data_dir, *mistaken, **slow)
    left = mistake.stop_when(lambda: mistake.calls() > 10, SIGINT)
    assert "whatever else works this database: another run, or `make web`" in left.err
    assert "manage.py eng5 cancel 1" in left.err

    after = (*options[:-1], "20", "--output", tmp_path / "two")
    said = eng5(data_dir, "execute", *after, **slow).succeeded().err
    assert re.search(
        r"Also goes on, .*: batch 1 'mistake', \d+ of at most 500 comparisons, mock judge, "
        r"so far \$0\.0000.* manage\.py eng5 cancel 1",
        said,
    )
    eng5(data_dir, "cancel", "1").succeeded()
    again = eng5(data_dir, "execute", *after[:-1], tmp_path / "three").succeeded().err
    assert "Also goes on" not in again
