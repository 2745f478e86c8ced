"""What is said about jobs, wherever they are shown."""

import pytest

from assessment.lifecycle.job_words import job_words, progress_words
from assessment.lifecycle.jobs import unsent, unsettled

NOTHING_READ = dict.fromkeys(("succeeded", "errored", "cancelled", "expired", "missing"), 0)


def job(status: str = "submitted", **changes: object) -> dict[str, object]:
    ended = status in ("collected", "lost", "failed", "cancelled")
    return {
        "provider": "openai",
        "model": "gpt-6-luna",
        "status": status,
        "open": not ended,
        "vendor_id": "batch_1",
        "vendor_status": "in_progress",
        "requests": 200,
        "counts": NOTHING_READ,
        "vendor_counts": {},
        "age_seconds": 725.0,
        "cost_usd": 0.0,
        "cancel_requested_at": None,
        "error_message": None,
        **changes,
    }


def test_no_jobs_need_no_words():
    assert progress_words([]) == ""


def test_a_job_under_way_is_told_by_the_providers_count():
    told = job_words(job(vendor_counts={"succeeded": 118, "errored": 2, "processing": 80}))
    assert told == (
        "openai:gpt-6-luna, with the provider (in_progress), 120 of 200 requests answered, "
        "12 min old, batch_1"
    )


def test_one_that_is_done_by_what_was_read_and_billed():
    read = NOTHING_READ | {"succeeded": 197, "expired": 3}
    told = job_words(job("collected", counts=read, vendor_status="ended", cost_usd=0.0123))
    assert "200 of 200 requests answered, $0.0123" in told and "old" not in told


def test_a_refused_one_says_why():
    told = job_words(job("failed", vendor_id=None, error_message="openai refused the job"))
    assert told.endswith("openai refused the job")


def test_all_jobs_are_told_in_one_line():
    read = NOTHING_READ | {"succeeded": 200}
    jobs = [job(), job(age_seconds=7320.0), job("collected", counts=read)]
    assert progress_words(jobs) == (
        "jobs: 2 with the provider, 1 done; 200 of 600 requests answered, oldest 2 h 2 min old"
    )


def test_a_lost_job_is_not_counted_beside_the_one_that_replaced_it():
    jobs = [job("lost"), job(vendor_counts={"succeeded": 50})]
    assert "50 of 200 requests" in progress_words(jobs)


def test_a_cancelled_job_is_told_so_until_the_provider_has_ended_it():
    asked = "2026-11-21T12:00:00+00:00"
    assert "asked to end" in job_words(job(cancel_requested_at=asked))
    assert "asked to end" not in job_words(job("collected", cancel_requested_at=asked))


@pytest.mark.parametrize(
    ("status", "to_be_sent", "open_"),
    [
        ("planned", True, True),
        ("preparing", True, True),
        ("submitting", True, True),
        ("submitted", False, True),
        ("collecting", False, True),
        ("collected", False, False),
        ("lost", False, False),
        ("failed", False, False),
        ("cancelled", False, False),
    ],
)
def test_a_job_is_sent_and_settled(status, to_be_sent, open_):
    """Issue 6: a command may leave once nothing has to be sent, and ends when nothing is owed."""
    jobs = [job("collected"), job(status)]
    assert unsent(jobs) is to_be_sent
    assert unsettled(jobs) is open_
