"""Processes of the native stack: what ends is told with its log, and nothing outlives `stop`."""

import os
import signal
import time
from pathlib import Path

import pytest

from deploy.processes import Process, StackFailed

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def process(folder: Path, script: str, probe: str = "true", grace: float = 5) -> Process:
    command, check = (["sh", "-c", words] for words in (script, probe))
    return Process("one", command, ENVIRONMENT, folder / "one.log", check, grace_seconds=grace)


def test_one_that_ends_well_is_done(tmp_path):
    one = process(tmp_path, "echo done")
    one.start()
    one.wait_until_done(30)
    assert one.returncode == 0 and one.log.read_text() == "done\n"


@pytest.mark.parametrize("wait", [Process.wait_until_done, Process.wait_until_healthy])
def test_one_that_fails_is_told_with_the_end_of_its_log(tmp_path, wait):
    one = process(tmp_path, "echo no tables >&2; exit 3", probe="false")
    one.start()
    with pytest.raises(StackFailed, match=r"(?s)one ended with 3.*no tables"):
        wait(one, 30)


def test_one_that_is_never_healthy_is_given_up(tmp_path):
    one = process(tmp_path, "exec sleep 60", probe="false")
    one.start()
    with pytest.raises(StackFailed, match="not healthy after 0 s"):
        one.wait_until_healthy(0)
    one.stop()
    assert one.returncode == -signal.SIGTERM


def test_one_that_does_not_listen_is_ended_with_its_children(tmp_path):
    child = tmp_path / "child"
    script = f"trap '' TERM; sleep 61 & echo $! > {child}; while true; do sleep 62; done"
    one = process(tmp_path, script, probe=f"test -s {child}", grace=0.1)
    one.start()
    one.wait_until_healthy(30)
    one.stop()
    assert one.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while _runs(int(child.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(child.read_text()))


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_one_that_was_never_started_can_be_stopped(tmp_path):
    process(tmp_path, "true").stop()
