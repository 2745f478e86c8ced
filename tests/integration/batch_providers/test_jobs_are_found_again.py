"""A job that was created while its creator got no answer is found again, once and for sure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError
from tests.integration.batch_providers.jobs import (
    adapter,
    ended,
    job_file,
    outcomes,
    requests,
    started,
    uploaded,
)
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.vendors.emulated import wait_until

SINCE = datetime.now(UTC) - timedelta(minutes=1)


def attempted(tmp_path, vendor, count=3):
    job = uploaded(vendor, job_file(tmp_path, vendor, requests(vendor, count)))
    with pytest.raises(ProviderError) as caught:
        adapter(vendor).create(job)
    return job, caught.value


def test_a_lost_answer_is_one_job_and_it_is_found(emulator, vendor, tmp_path):
    """T19: SDK retries are off, so nothing is submitted twice."""
    emulator.fail_jobs("lost_reply")
    job, error = attempted(tmp_path, vendor)
    assert error.error_type is ErrorType.CONNECTION
    assert len(emulator.jobs) == 1
    (found,) = adapter(vendor).find(job, SINCE, [])
    assert found.vendor_id == emulator.jobs[0]["id"]
    assert set(outcomes(vendor, ended(vendor, found.vendor_id))) == set(requests(vendor, 3))


def test_a_time_out_is_one_job_and_it_is_found(emulator, vendor, tmp_path, monkeypatch):
    """T19."""
    emulator.fail_jobs("no_reply")
    job = uploaded(vendor, job_file(tmp_path, vendor, requests(vendor, 3)))
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=0.5)  # for the call that hangs, and no other
    with pytest.raises(ProviderError) as caught:
        adapter(vendor).create(job)
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=60)
    assert caught.value.error_type is ErrorType.TIMEOUT
    wait_until(lambda: bool(emulator.jobs), 60, "the vendor to make the job")
    (found,) = adapter(vendor).find(job, SINCE, [])
    assert found.vendor_id == emulator.jobs[0]["id"] and len(emulator.jobs) == 1


def test_a_job_that_was_never_created_is_not_found(emulator, vendor, tmp_path):
    started(tmp_path, vendor, requests(vendor, 2))
    emulator.fail_next("reset", at="create")
    job, _ = attempted(tmp_path, vendor, 5)
    assert adapter(vendor).find(job, SINCE, []) == []


def test_jobs_of_others_are_not_taken_for_it(emulator, vendor, tmp_path):
    """Anthropic keeps no name of ours: as large, new enough and not known yet is all there is."""
    other = started(tmp_path, vendor, requests(vendor, 3))
    started(tmp_path, vendor, requests(vendor, 4))
    emulator.fail_jobs("lost_reply")
    job, _ = attempted(tmp_path, vendor)
    (found,) = adapter(vendor).find(job, SINCE, [other.vendor_id])
    assert found.vendor_id == emulator.jobs[-1]["id"]


def test_all_pages_are_looked_through(emulator, vendor, tmp_path):
    emulator.fail_jobs("lost_reply")
    job, _ = attempted(tmp_path, vendor)
    again = job_file(tmp_path, vendor, requests(vendor, 1))
    again = uploaded(vendor, again)
    for number in range(120):
        adapter(vendor).create(replace(again, marker=f"later-{number}"))
    (found,) = adapter(vendor).find(job, SINCE, [])
    assert found.vendor_id == emulator.jobs[0]["id"]


def test_older_jobs_are_not_looked_at(slow, clock, vendor, tmp_path):
    slow.fail_jobs("lost_reply")
    job, _ = attempted(tmp_path, vendor)
    made_at = datetime.fromtimestamp(clock.now(), UTC)
    assert adapter(vendor).find(job, made_at + timedelta(hours=1), []) == []
    assert len(adapter(vendor).find(job, made_at, [])) == 1


def test_jobs_of_another_key_are_not_seen(emulator, vendor, tmp_path, monkeypatch):
    made = started(tmp_path, vendor, requests(vendor, 1))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "another")
    with pytest.raises(ProviderError, match="no such job") as caught:
        adapter(vendor).check(made.vendor_id)
    assert not caught.value.outage
