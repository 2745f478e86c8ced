"""Issue 8, item 3: `eng5 execute` in each mode, as a process of its own."""

import json
import re

import pytest

from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.runner import eng5, read_run
from tests.integration.logs.lines import events, of_the_apps

OURS = re.compile(r" (INFO|WARNING|ERROR) (assessment|llmprovider)\.")


@pytest.mark.parametrize("mode", ["per_request", "provider_batch_api"])
def test_every_json_line_names_the_run(tmp_path, data_dir, mode) -> None:
    options = [*write_essays(tmp_path / "essays", students=4, anchors=0), "--provider", "mock"]
    output = tmp_path / "run"
    done = eng5(
        data_dir,
        *("execute", *options, "--llm-batching-mode", mode, "--output", output, "--json"),
        LOG_LEVEL="INFO",
        LOG_FORMAT="json",
    ).succeeded()
    run = read_run(output)
    lines = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    ours = of_the_apps(lines)
    assert {"batch_created", "wave_launched", "decision", "batch_ended"} <= events(ours)
    for line in ours:
        named = (line["request_correlation_id"], line["batch"], line["mode"], line["process"])
        assert named == (run["run"]["id"], str(run["batch"]["id"]), mode, "eng5"), line
    assert "student_" not in str(lines) and "Schools should" not in str(lines)


def test_the_plain_log_of_bundles_can_be_read(tmp_path, data_dir) -> None:
    options = [*write_essays(tmp_path / "essays", students=4, anchors=0), "--provider", "mock"]
    done = eng5(
        data_dir,
        *("execute", *options, "--output", tmp_path / "run"),
        LOG_LEVEL="INFO",
    ).succeeded()
    name = read_run(tmp_path / "run")["run"]["id"]
    lines = [line for line in done.err.splitlines() if OURS.search(line)]
    for line in lines:
        assert f"request_correlation_id={name}" in line and "batch=1" in line, line
    (ended,) = [line for line in lines if ": batch ended batch=1 mode=serial_bundle " in line]
    assert " INFO assessment.lifecycle.finalising: " in ended and "status=COMPLETED" in ended
    assert any(" INFO llmprovider.calls.processing: call bundle=" in line for line in lines)
