"""The report's table of jobs at the providers."""

import pytest

from assessment.reports.jobs import duration, job_rows
from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run
from tests.unit.reports.documents import run_document

JOB = {
    "id": "5f1d7f0a-0000-0000-0000-000000000001",
    "provider": "anthropic",
    "model": "claude-haiku-4-5",
    "status": "collected",
    "attempt": 1,
    "requests": 1200,
    "comparisons": 1200,
    "counts": {"succeeded": 1190, "errored": 8, "expired": 2, "cancelled": 0, "missing": 0},
    "cost_usd": 1.25,
    "submitted_at": "2026-11-21T20:00:00+00:00",
    "ended_at": "2026-11-21T22:05:20+00:00",
    "vendor_id": "msgbatch_<b>",
}


def with_jobs(*jobs: dict[str, object]) -> dict[str, object]:
    document = {**run_document(), "jobs": list(jobs)}
    validate_run(document)
    return document


def test_a_job_is_told_in_words():
    (row,) = job_rows(with_jobs(JOB))
    assert row["judge"] == "anthropic / claude-haiku-4-5"
    assert (row["requests"], row["answered"]) == ("1\u202f200", "1\u202f190")
    assert (row["state"], row["took"]) == ("done", "2 h 5 min")
    assert "1.25" in row["cost"]


def test_the_page_shows_it_and_trusts_no_word_of_the_providers():
    page = render_report(with_jobs(JOB))
    assert "Jobs at the provider" in page
    assert "msgbatch_&lt;b&gt;" in page and "msgbatch_<b>" not in page


def test_a_live_run_and_an_older_document_have_no_such_table():
    assert "Jobs at the provider" not in render_report(with_jobs())
    assert "Jobs at the provider" not in render_report(run_document())


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ("2026-11-21T20:00:20+00:00", "under a minute"),
        ("2026-11-21T20:12:00+00:00", "12 min"),
        ("2026-11-22T19:59:59+00:00", "24 h 0 min"),
        (None, "–"),
    ],
)
def test_how_long_it_took(ended, words):
    assert duration(JOB["submitted_at"], ended) == words
