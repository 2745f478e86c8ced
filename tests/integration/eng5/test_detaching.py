"""Leaving a run to the providers and coming back in another process."""

from datetime import UTC, datetime
from signal import SIGINT
from typing import Any

import pytest

from assessment.reports.schema import validate_run
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.job_runs import BY_JOBS, JUDGES, SOON, charged, clock, slow
from tests.integration.eng5.runner import count, eng5, judgements, read_run, start

__all__ = ["clock", "slow"]


@pytest.fixture
def detached(slow, data_dir, essays, tmp_path) -> dict[str, str]:
    """A run of all 55 pairs that both providers have a job of; returns the environment."""
    environment = {**slow.environment, **SOON}
    options = (*essays, *JUDGES, *BY_JOBS, "--seed", "1", "--label", "autumn")
    output = ("--output", tmp_path / "run", "--detach")
    ended = eng5(data_dir, "execute", *options, *output, **environment).succeeded()
    assert "2 with the provider" in ended.out and "eng5 watch 1" in ended.out
    return environment


def status(data_dir, environment: dict[str, str]) -> dict[str, Any]:
    return eng5(data_dir, "status", "autumn", "--json", **environment).succeeded().json[0]


def test_another_process_watches_it_to_its_end(detached, slow, clock, data_dir, tmp_path) -> None:
    """Issue 6: one wave, one job for each judge, the bill as charged at the batch price.

    Ctrl-C ends a watch with 1 and loses nothing; a finished run is watched without judging again.
    """
    _is_with_the_providers(detached, slow, data_dir, tmp_path)
    began = datetime.now(UTC)  # the command that was left may have looked at a job as well
    watching = start(data_dir, "watch", "autumn", **detached)
    ended = watching.stop_when(lambda: _looked_at(data_dir, since=began) > 0, SIGINT)
    assert ended.code == 1
    assert "Jobs that a provider has got go on there" in ended.err

    clock.move(7200)
    eng5(data_dir, "watch", "autumn", **detached).succeeded()
    run = read_run(tmp_path / "run")
    validate_run(run)
    assert run["batch"]["status"] == "COMPLETED"
    assert run["batch"]["completed"] == run["batch"]["completion_denominator"] == 55
    assert [(wave["number"], wave["size"], wave["rounds"]) for wave in run["waves"]] == [(1, 55, 1)]
    assert len(slow.jobs) == len(run["jobs"]) == 2
    assert [job["status"] for job in run["jobs"]] == ["collected", "collected"]
    assert run["cost"]["usd"] == charged(slow) and run["cost"]["usd"] > 0
    assert sum(job["cost_usd"] for job in run["jobs"]) == charged(slow)
    report = (tmp_path / "run" / "report.html").read_text()
    assert "Jobs at the provider" in report and slow.jobs[0]["id"] in report

    again = eng5(data_dir, "watch", tmp_path / "run", "--json", **detached).succeeded()
    assert again.json["batch"]["status"] == "COMPLETED"
    assert judgements(read_run(tmp_path / "run")) == judgements(run)
    assert len(slow.jobs) == 2


def _is_with_the_providers(detached, slow, data_dir, tmp_path) -> None:
    """The command has ended and no job has; there is one for each provider and model."""
    assert sorted(job["vendor"] for job in slow.jobs) == ["anthropic", "openai"]
    assert sorted(job["requests"] for job in slow.jobs) == [27, 28]
    told = status(data_dir, detached)
    assert told["batch"]["status"] == "COMPARING" and told["batch"]["completed"] == 0
    assert [job["status"] for job in told["jobs"]] == ["submitted", "submitted"]
    assert {job["vendor_id"] for job in told["jobs"]} == {job["id"] for job in slow.jobs}
    run = read_run(tmp_path / "run")
    validate_run(run)
    assert len(run["jobs"]) == 2 and not (tmp_path / "run" / "report.html").exists()
    words = eng5(data_dir, "status", "autumn", **detached).succeeded().out
    assert "job: anthropic:claude-haiku-4-5, with the provider (in_progress)" in words
    assert "requests answered" in words and "min old" in words


def _looked_at(data_dir, since: datetime) -> int:
    """Jobs, by the time of the last look as SQLite has it."""
    return count(data_dir, f"llmprovider_batchjob WHERE last_check_at > '{since:%F %T.%f}'")


def test_cancelling_reaches_the_providers(detached, slow, clock, data_dir, tmp_path) -> None:
    """T21: what was judged by then is collected, paid for and kept, and changes no score."""
    clock.move(60 + 1800 + 900)  # about half of it is done
    ended = eng5(data_dir, "cancel", "autumn", **detached).succeeded()
    assert "Batch 1 is cancelled" in ended.out
    assert "eng5 watch 1" in ended.err
    assert all(job["cancelled_at"] for job in slow.jobs)
    assert not any(job["ended_at"] for job in slow.jobs)
    clock.move(600)
    watched = eng5(data_dir, "watch", "autumn", **detached)
    assert watched.code == 1
    run = read_run(tmp_path / "run")
    assert run["batch"]["status"] == "CANCELLED"
    done = sum(job["counts"]["succeeded"] for job in run["jobs"])
    assert 0 < done < 55
    assert run["cost"]["unpriced_calls"] == run["cost"]["unanswered_calls"] == 0
    assert run["cost"]["usd"] == charged(slow) and run["cost"]["usd"] > 0


@pytest.mark.parametrize("options", [(), ("--llm-batching-mode", "per_request")])
def test_a_live_mode_is_not_left_to_nobody(options, essays, data_dir, tmp_path) -> None:
    """On the embedded default the judging process is the command itself."""
    asked = (*essays, *MOCK, *options, "--output", tmp_path / "run", "--detach")
    ended = eng5(data_dir, "execute", *asked)
    assert ended.code == 2
    assert "nobody judges once this command has ended" in ended.err
    assert count(data_dir, "assessment_batch") == 0 and not (tmp_path / "run").exists()


def test_a_fallback_to_a_live_mode_is_refused_too(slow, essays, data_dir, tmp_path) -> None:
    allowed = {"CJ_ASSESSMENT_SERVICE_LLM_BATCH_API_ALLOWED_PROVIDERS": '["openai"]'}
    asked = (*essays, *JUDGES, *BY_JOBS, "--output", tmp_path / "run", "--detach")
    ended = eng5(data_dir, "execute", *asked, **slow.environment, **allowed)
    assert ended.code == 2 and "nobody judges" in ended.err
    assert count(data_dir, "assessment_batch") == 0


def test_a_nightly_run_waits_for_its_hour(slow, essays, data_dir, tmp_path) -> None:
    """Nothing is sent by day; the run says so, and how to go on."""
    hour = (datetime.now(UTC).hour + 12) % 24  # it does not strike while the test runs
    nightly = {
        **slow.environment,
        **SOON,
        "LLM_PROVIDER_SERVICE_BATCH_API_MODE": "nightly_batch",
        "LLM_PROVIDER_SERVICE_BATCH_SUBMISSION_HOUR": str(hour),
    }
    asked = (*essays, *JUDGES, *BY_JOBS, "--output", tmp_path / "run", "--label", "autumn")
    ended = eng5(data_dir, "execute", *asked, "--detach", **nightly).succeeded()
    waits = f"55 comparisons wait for the next job, which is sent at {hour:02d}:00 UTC"
    assert waits in ended.out
    assert not slow.jobs
    assert "55 comparisons wait" in eng5(data_dir, "status", "autumn", **nightly).out
    assert status(data_dir, nightly)["batch"]["status"] == "COMPARING"


def test_the_mock_judge_can_be_left_as_well(data_dir, tmp_path) -> None:
    options = (*write_essays(tmp_path / "essays"), *MOCK, *BY_JOBS, "--max-comparisons", "20")
    output = ("--output", tmp_path / "run", "--json")
    left = eng5(data_dir, "execute", *options, *output, "--detach", **SOON).succeeded().json
    assert [job["provider"] for job in left["jobs"]] == ["mock"]
    ended = eng5(data_dir, "watch", "1", "--json", **SOON).succeeded().json
    assert ended["batch"]["completed"] == 20 and ended["jobs"][0]["status"] == "collected"
