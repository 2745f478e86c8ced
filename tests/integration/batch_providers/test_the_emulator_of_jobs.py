"""The emulator's own side of batch jobs: its clock, its lists and its faults, over HTTP."""

import json

import anthropic
import httpx2
import openai
import pytest

from llmprovider.contracts import ErrorType
from llmprovider.emulator import Clock, Emulator, anthropic_batches
from llmprovider.providers.base import ProviderError
from llmprovider.providers.batches.base import JobState
from tests.integration.batch_providers.jobs import (
    adapter,
    collected,
    ended,
    file_of,
    job_file,
    outcomes,
    requests,
    started,
)


def sent_to(emulator, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)


def test_a_fast_clock_makes_minutes_of_a_moment(vendor, tmp_path, monkeypatch):
    """Profile `batch_api` takes at least 45 s of the emulator's time."""
    with Emulator("batch_api", clock=Clock(2_000)) as emulator:
        sent_to(emulator, monkeypatch)
        made = started(tmp_path, vendor, requests(vendor, 5))
        job = ended(vendor, made.vendor_id)
        assert job.state is JobState.ENDED and len(collected(vendor, job)) == 5
        (shown,) = emulator.jobs
        assert shown["ended_at"] - shown["created_at"] >= 5 + 30 + 10


def test_a_job_with_all_faults_ends_all_the_same(vendor, tmp_path, monkeypatch):
    """Profile `batch_flaky`: whoever asks again gets there, and nothing is created twice."""
    with Emulator("batch_flaky", clock=Clock(20_000)) as emulator:
        sent_to(emulator, monkeypatch)
        asked = requests(vendor, 150)
        job = job_file(tmp_path, vendor, asked)
        if vendor == "openai":
            upload = again(lambda: adapter(vendor).upload(job))
            job = type(job)(job.path, job.requests, job.model, job.marker, upload)
        while not emulator.jobs:
            try:
                adapter(vendor).create(job)
            except ProviderError as error:
                assert error.error_type is not ErrorType.INVALID_REQUEST
        assert len(emulator.jobs) == 1
        name = emulator.jobs[0]["id"]
        state = again(lambda: adapter(vendor).check(name))
        while state.state is JobState.RUNNING:
            state = again(lambda: adapter(vendor).check(name))
        got = again(lambda: outcomes(vendor, state))
        assert len(got) > 130 and set(got) <= set(asked)


def again(call):
    """What a call gives once it succeeds."""
    for _ in range(50):
        try:
            return call()
        except ProviderError as error:
            last = error
    raise last


def test_a_run_with_the_same_jobs_meets_the_same_faults(vendor, tmp_path, monkeypatch):
    runs = []
    for _ in range(2):
        # Not so fast that the seven days for which the upload is kept are over before its job.
        with Emulator("batch_flaky", clock=Clock(10_000)) as emulator:
            sent_to(emulator, monkeypatch)
            job = job_file(tmp_path, vendor, requests(vendor, 100))
            if vendor == "openai":
                upload = again(lambda job=job: adapter(vendor).upload(job))
                job = type(job)(job.path, job.requests, job.model, job.marker, upload)
            while not emulator.jobs:
                try:
                    adapter(vendor).create(job)
                except ProviderError:
                    continue
            while emulator.jobs[0]["ended_at"] is None:
                pass
            (shown,) = emulator.jobs
            runs.append((shown["counts"], shown["fault"], shown["charged_tokens"]))
    assert runs[0] == runs[1]


def test_jobs_and_their_charges_are_shown_over_http(emulator, vendor, tmp_path):
    made = started(tmp_path, vendor, requests(vendor, 2))
    shown = httpx2.get(f"{emulator.anthropic_url}/_emulator/jobs", timeout=60).json()["jobs"]
    assert [job["id"] for job in shown] == [made.vendor_id]
    assert shown[0]["charged_usd"] > 0 and shown[0]["counts"] == {"succeeded": 2}
    assert "dummy" not in json.dumps(shown)


def test_faults_of_jobs_are_asked_for_over_http(emulator, vendor, tmp_path):
    url = f"{emulator.anthropic_url}/_emulator/job_faults"
    assert (
        httpx2.post(url, json={"fault": "expired_line", "times": 9}, timeout=60).status_code == 201
    )
    assert httpx2.request("DELETE", url, timeout=60).status_code == 200
    assert httpx2.post(url, json={"fault": "expired_line"}, timeout=60).status_code == 201
    for wrong in ({"fault": "rate_limit"}, {}, [1]):
        assert httpx2.post(url, json=wrong, timeout=60).status_code == 400
    job = ended(vendor, started(tmp_path, vendor, requests(vendor, 3)).vendor_id)
    assert sorted(outcomes(vendor, job).values()) == ["end", "end", "expired"]


def test_an_unknown_door_is_refused(emulator):
    with pytest.raises(ValueError, match="door"):
        emulator.fail_next("reset", at="window")


def test_both_sdks_page_through_the_jobs(emulator, tmp_path):
    made = {vendor: [] for vendor in ("anthropic", "openai")}
    for vendor, names in made.items():
        for _ in range(5):
            names.append(started(tmp_path, vendor, requests(vendor, 1)).vendor_id)
    listed = {
        "anthropic": anthropic.Anthropic().messages.batches.list(limit=2),
        "openai": openai.OpenAI().batches.list(limit=2),
    }
    for vendor, names in made.items():
        assert [job.id for job in listed[vendor]] == names[::-1]


def test_too_many_requests_for_anthropic_are_refused(emulator, tmp_path):
    """T22: 100,000 is the most."""
    lines = [b'{"custom_id":"%d","params":{}}\n' % number for number in range(100_001)]
    with pytest.raises(ProviderError) as caught:
        adapter("anthropic").create(file_of(tmp_path, "anthropic", lines, "large"))
    assert caught.value.error_type is ErrorType.INVALID_REQUEST and emulator.jobs == []


def test_too_many_bytes_for_anthropic_are_refused(emulator, tmp_path, monkeypatch):
    """T22; with a smaller limit than the vendor's, which is 256 MB."""
    job = job_file(tmp_path, "anthropic", requests("anthropic", 3))
    monkeypatch.setattr(anthropic_batches, "MAX_BYTES", job.path.stat().st_size - 10)
    with pytest.raises(ProviderError) as caught:
        adapter("anthropic").create(job)
    assert caught.value.size and emulator.jobs == []
