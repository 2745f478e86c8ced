"""What is OpenAI's own: files that are late or missing, counts that are null, refused input."""

import json
from datetime import UTC, datetime, timedelta

import httpx2
import openai
import pytest

from llmprovider.contracts import ErrorType
from llmprovider.emulator import Emulator
from llmprovider.emulator.profiles import JobPace, Profile
from llmprovider.providers.batches.base import JobState
from tests.integration.batch_providers.jobs import (
    adapter,
    collected,
    ended,
    file_of,
    outcomes,
    request,
    requests,
    started,
    uploaded,
)
from tests.integration.vendors.emulated import wait_until

ADAPTER = adapter("openai")


def checked(tmp_path, count=3):
    return ended("openai", started(tmp_path, "openai", requests("openai", count)).vendor_id)


def line(name: str, **changes) -> bytes:
    entry = json.loads(ADAPTER.line(name, request("openai")))
    body = {**entry["body"], **changes.pop("body", {})}
    return json.dumps({**entry, "body": body, **changes}).encode() + b"\n"


def refused(tmp_path, lines):
    job = uploaded("openai", file_of(tmp_path, "openai", lines, "refused"))
    return ADAPTER.check(ADAPTER.create(job).vendor_id)


def test_a_job_whose_files_are_late_is_still_running(emulator, tmp_path, monkeypatch):
    """completed with output_file_id null for a moment."""
    profile = Profile("late", "late", jobs=JobPace(late=300))
    with Emulator(profile) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.openai_url)
        running.fail_jobs("late_output")
        made = started(tmp_path, "openai", requests("openai", 3))
        wait_until(lambda: running.jobs[0]["ended_at"] is not None, 60, "the job to end")
        job = ADAPTER.check(made.vendor_id)
        assert (job.vendor_status, job.output_file_id) == ("completed", "")
        assert job.state is JobState.RUNNING


def test_late_files_are_read_once_they_are_there(slow, clock, tmp_path):
    clock.move(datetime.now(UTC).timestamp() - clock.now() - 230)
    slow.fail_jobs("late_output")
    made = started(tmp_path, "openai", requests("openai", 3))
    clock.move(190)
    assert ADAPTER.check(made.vendor_id).state is JobState.RUNNING
    clock.move(60)
    job = ADAPTER.check(made.vendor_id)
    assert job.state is JobState.ENDED
    assert list(outcomes("openai", job).values()) == ["end"] * 3


def test_files_that_never_come_are_not_waited_for_for_ever(slow, clock, tmp_path):
    """The emulator's clock is in the past, so the job has been without its files for years."""
    slow.fail_jobs("late_output")
    made = started(tmp_path, "openai", requests("openai", 3))
    clock.move(190)
    job = ADAPTER.check(made.vendor_id)
    assert (job.vendor_status, job.output_file_id) == ("completed", "")
    assert job.state is JobState.ENDED and collected("openai", job) == {}


def test_an_empty_file_id_is_no_file(emulator, tmp_path):
    emulator.fail_jobs("empty_file_id")
    job = checked(tmp_path)
    assert job.error_file_id == "" and job.state is JobState.ENDED
    assert len(collected("openai", job)) == 3


def test_counts_may_be_null(emulator, tmp_path):
    emulator.fail_jobs("no_counts")
    job = checked(tmp_path)
    assert job.requests is None and not job.counts and job.state is JobState.ENDED
    assert len(collected("openai", job)) == 3


def test_a_job_in_which_all_failed_has_an_error_file_only(emulator, tmp_path):
    emulator.fail_next("bad_request", times=3)
    job = checked(tmp_path)
    assert (job.vendor_status, job.state) == ("completed", JobState.ENDED)
    assert job.output_file_id == "" and job.error_file_id
    assert set(outcomes("openai", job).values()) == {"invalid_request"}


def test_a_job_refused_as_a_whole_says_why(emulator, tmp_path):
    emulator.fail_jobs("job_failed")
    job = checked(tmp_path)
    assert (job.vendor_status, job.state) == ("failed", JobState.FAILED)
    assert job.error_type is ErrorType.RATE_LIMIT and "rate limit" in job.error_message


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b""], "empty_file"),
        ([b"{no json\n"], "invalid_json_line in line 1"),
        ([line("a"), line("a")], "duplicate_custom_id in line 2"),
        ([line("a"), line("b", body={"model": "gpt-5"})], "model_mismatch in line 2"),
        ([line("a", url="/v1/chat/completions")], "url_mismatch in line 1"),
        ([line("a" * 65)], "invalid_custom_id in line 1"),
        ([b"{}\n" * 50_001], "too_many_tasks"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_input_that_is_refused_fails_the_job(emulator, tmp_path, lines, code):
    """T22: splitting and one model per job are ours to do; this is what happens otherwise."""
    job = refused(tmp_path, lines)
    assert job.state is JobState.FAILED
    assert job.error_type is ErrorType.INVALID_REQUEST and code in job.error_message
    assert emulator.calls == []


def test_a_model_that_is_not_there_fails_the_job(emulator, tmp_path):
    job = refused(tmp_path, [line("a", body={"model": "gpt-nine"})])
    assert job.state is JobState.FAILED and job.error_type is ErrorType.INVALID_REQUEST


def test_the_file_with_the_essays_does_not_stay_for_ever(emulator, tmp_path):
    made = started(tmp_path, "openai", requests("openai", 1))
    client = openai.OpenAI(max_retries=0)
    batch = client.batches.retrieve(made.vendor_id)
    file = client.files.retrieve(batch.input_file_id)
    assert file.purpose == "batch" and file.bytes > 0
    assert 0 < file.expires_at - file.created_at <= timedelta(days=7).total_seconds()
    client.files.delete(file.id)
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)


def test_a_job_carries_our_name_for_it(emulator, tmp_path):
    started(tmp_path, "openai", requests("openai", 1))
    batch = next(iter(openai.OpenAI().batches.list()))
    assert set(batch.metadata) == {"job"}
    assert batch.usage.output_tokens > 0 and batch.request_counts.completed == 1


def test_chat_completions_can_be_batched_too(emulator):
    """For servers and models without the responses endpoint; our own adapter does not use it."""
    client = openai.OpenAI(max_retries=0)
    asked = request("openai")
    messages = [
        {"role": "system", "content": asked.system},
        {"role": "user", "content": asked.user},
    ]
    url = "/v1/chat/completions"
    entry = {"custom_id": "a", "method": "POST", "url": url}
    entry["body"] = {"model": "gpt-4.1", "messages": messages, "max_tokens": 500}
    file = client.files.create(file=json.dumps(entry).encode(), purpose="batch")
    batch = client.batches.create(completion_window="24h", endpoint=url, input_file_id=file.id)
    batch = client.batches.retrieve(batch.id)
    reply = json.loads(client.files.content(batch.output_file_id).text)
    assert reply["response"]["body"]["choices"][0]["finish_reason"] == "stop"


def test_a_body_that_is_not_a_form_is_refused(emulator):
    response = httpx2.post(
        f"{emulator.openai_url}/files",
        content=b"{}",
        headers={"authorization": "Bearer dummy", "content-type": "application/json"},
        timeout=60,
    )
    assert response.status_code == 400
