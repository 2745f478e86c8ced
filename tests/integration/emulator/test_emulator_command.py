"""`manage.py provider_emulator`, as a user runs it."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command, execute_from_command_line

from tests.conftest import PROJECT
from tests.integration.emulator.calls import message_body, prompt

SAMPLES = PROJECT / "samples"


def started(tmp_path: Path, *arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """The running command and the environment it asks for."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    # A database that cannot be reached: none is needed.
    environment |= {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
    environment |= {"CJ_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "provider_emulator", "--port", "0", *arguments],
        cwd=PROJECT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    return process, dict(re.findall(r"^export (\w+)=(.*)$", "".join(lines), re.MULTILINE))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_the_sdks_by_their_environment_and_stops_cleanly(tmp_path, monkeypatch, number):
    import anthropic
    import openai

    process, environment = started(
        tmp_path,
        "--truth",
        str(SAMPLES / "grades.csv"),
        "--essays",
        str(SAMPLES / "students"),
        "--essays",
        str(SAMPLES / "anchors"),
    )
    try:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        best, worst = (
            (SAMPLES / "anchors" / name).read_text().strip()
            for name in ("anchor_9_A.txt", "anchor_1_F+.txt")
        )
        asked = prompt(((worst, best),))
        message = anthropic.Anthropic().messages.create(**message_body(asked))
        assert '"winner":"second"' in message.content[0].text
        response = openai.OpenAI().responses.create(model="gpt-4.1", input=asked.user)
        assert '"winner":"second"' in response.output_text
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Stopped after 2 calls." in out


def exit_code(*arguments: str) -> object:
    """Of a command that does not start serving."""
    with pytest.raises(SystemExit) as caught:
        execute_from_command_line(["manage.py", "provider_emulator", *arguments])
    return caught.value.code


def test_a_port_in_use_is_a_failure(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert exit_code("--port", str(taken.getsockname()[1])) == 1
    assert "Give another --port" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--truth", str(SAMPLES / "grades.csv")],
        ["--essays", str(SAMPLES / "students")],
        ["--truth", "no-such.csv", "--essays", str(SAMPLES / "students")],
        ["--truth", str(SAMPLES / "grades.csv"), "--essays", "no-such-folder"],
        [
            *("--truth", str(SAMPLES / "grades.csv"), "--essays", str(SAMPLES / "students")),
            *("--grade-scale", "no_such_scale"),
        ],
        [
            *("--truth", str(SAMPLES / "grades.csv")),
            *("--essays", str(SAMPLES / "students"), "--essays", str(SAMPLES / "students")),
        ],
        ["--speed", "0"],
        ["--slope", "steep"],
        ["--bias", "nan"],
        ["--port", "70000"],
        ["--profile", "sunny"],
    ],
)
def test_bad_usage_starts_nothing(options, capsys):
    assert exit_code("--port", "0", *options) == 2
    assert capsys.readouterr().err


def test_it_prints_the_profiles():
    out = io.StringIO()
    call_command("provider_emulator", "--profiles", stdout=out)
    assert "| `flaky` |" in out.getvalue()
