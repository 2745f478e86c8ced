"""`eng5 execute` against `provider_emulator`, each a command of its own, as the manual says."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llmprovider.emulator import Call
from tests.integration.emulator.test_emulator_command import SAMPLES, started
from tests.integration.eng5.conftest import data_dir, migrated
from tests.integration.eng5.runner import Finished, eng5, read_run
from tests.integration.vendors import emulated

__all__ = ["data_dir", "migrated"]

ESSAYS = ("--students", SAMPLES / "students", "--anchors", SAMPLES / "anchors")
QUICKLY = {"LLM_PROVIDER_SERVICE_QUEUE_RETRY_BASE_SECONDS": "0.1"}
TRUTH = (
    *("--truth", str(SAMPLES / "grades.csv"), "--essays", str(SAMPLES / "students")),
    *("--essays", str(SAMPLES / "anchors")),
)


@contextmanager
def emulating(folder: Path, profile: str) -> Iterator[dict[str, str]]:
    """The emulator's command while it runs; the environment that it prints."""
    process, environment = started(folder, "--profile", profile, *TRUTH)
    try:
        yield environment
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def log_of(environment: dict[str, str]) -> list[Call]:
    url = environment["ANTHROPIC_BASE_URL"] + "/_emulator/calls"
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - this machine's
        found = json.load(answer)
    calls = found["calls"] if isinstance(found, dict) else found
    return [Call(**{**call, "pairs": tuple(call["pairs"])}) for call in calls]


# One call in twelve of a hostile vendor is refused for good, and with it all that is in it.
@pytest.mark.parametrize(
    ("provider", "profile", "mode"),
    [("anthropic", "clean", "serial_bundle"), ("openai", "hostile", "per_request")],
)
def test_a_run_by_two_commands_ends_with_a_report_and_the_vendors_bill(
    data_dir: Path, tmp_path: Path, provider: str, profile: str, mode: str
) -> None:
    """T32 and issue 5: what is printed as the cost is the vendor's usage at list price."""
    with emulating(tmp_path / "emulator", profile) as environment:
        ended: Finished = eng5(
            data_dir,
            *("execute", *ESSAYS, "--task", SAMPLES / "task.md", "--rubric", SAMPLES / "rubric.md"),
            *("--grades", SAMPLES / "grades.csv", "--provider", provider),
            *("--model", emulated.MODELS[provider], "--max-comparisons", "96"),
            *("--llm-batching-mode", mode, "--output", tmp_path / "run"),
            **environment,
            **QUICKLY,
        ).succeeded()
        calls = log_of(environment)
    run = read_run(tmp_path / "run")
    assert run["batch"]["status"] == "COMPLETED"
    assert run["batch"]["mock"] is False
    assert run["cost"]["calls"] == len(calls)
    if profile == "hostile":
        assert any(call.fault for call in calls)
    bill = emulated.list_price(provider, calls)
    assert run["cost"]["usd"] == pytest.approx(float(bill), abs=1e-9) and bill > 0
    assert f"${bill:.4f}" in ended.out
    assert str(tmp_path / "run" / "report.html") in ended.out
    assert "Mock run" not in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
