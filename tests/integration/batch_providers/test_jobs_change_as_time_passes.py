"""What a job says of itself while it runs, and how it ends: by itself, cancelled or expired."""

from llmprovider.emulator.batch_jobs import WINDOW_SECONDS
from llmprovider.providers.batches.base import JobState
from tests.integration.batch_providers.jobs import adapter, outcomes, requests, started

NAMES = {
    "anthropic": {"all": ["in_progress", "ended"], "stop": "canceling", "stopped": "ended"},
    "openai": {
        "all": ["validating", "in_progress", "finalizing", "completed"],
        "stop": "cancelling",
        "stopped": "cancelled",
    },
}


def test_it_runs_until_the_last_request_is_done(slow, clock, vendor, tmp_path):
    made = started(tmp_path, vendor, requests(vendor, 8))
    seen, began = {made.vendor_status: made.state}, clock.now()
    while JobState.ENDED not in seen.values() and clock.now() < began + 300:
        clock.move(5)
        job = adapter(vendor).check(made.vendor_id)
        seen[job.vendor_status] = job.state
    assert list(seen) == NAMES[vendor]["all"]
    assert list(seen.values()) == [JobState.RUNNING] * (len(seen) - 1) + [JobState.ENDED]
    assert 10 + 60 + 20 <= clock.now() - began <= 10 + 160 + 20 + 5


def test_counts_are_live_at_openai_and_come_at_the_end_at_anthropic(slow, clock, vendor, tmp_path):
    made = started(tmp_path, vendor, requests(vendor, 8))
    clock.move(10 + 60 + 50)
    halfway = adapter(vendor).check(made.vendor_id)
    assert halfway.state is JobState.RUNNING
    if vendor == "anthropic":
        assert halfway.counts["processing"] == 8 and halfway.counts["succeeded"] == 0
    else:
        assert 0 < halfway.counts["succeeded"] < 8
    clock.move(100)
    assert adapter(vendor).check(made.vendor_id).counts["succeeded"] == 8


def test_cancelling_keeps_what_was_finished(slow, clock, vendor, tmp_path):
    """T21."""
    made = started(tmp_path, vendor, requests(vendor, 8))
    clock.move(10 + 60 + 50)
    adapter(vendor).cancel(made.vendor_id)
    job = adapter(vendor).check(made.vendor_id)
    assert (job.vendor_status, job.state) == (NAMES[vendor]["stop"], JobState.RUNNING)
    clock.move(30)
    job = adapter(vendor).check(made.vendor_id)
    assert (job.vendor_status, job.state) == (NAMES[vendor]["stopped"], JobState.ENDED)
    kinds = sorted(outcomes(vendor, job).values())
    assert len(kinds) == 8 and set(kinds) == {"cancelled", "end"}
    assert slow.jobs[0]["counts"]["succeeded"] == kinds.count("end")


def test_cancelling_twice_or_too_late_does_no_harm(slow, clock, vendor, tmp_path):
    made = started(tmp_path, vendor, requests(vendor, 2))
    clock.move(1_000)
    for _ in range(2):
        adapter(vendor).cancel(made.vendor_id)
    assert set(outcomes(vendor, adapter(vendor).check(made.vendor_id)).values()) == {"end"}


def test_when_the_window_closes_the_finished_lines_are_there(slow, clock, vendor, tmp_path):
    slow.fail_jobs("overdue")
    made = started(tmp_path, vendor, requests(vendor, 12))
    clock.move(WINDOW_SECONDS - 1)
    assert adapter(vendor).check(made.vendor_id).state is JobState.RUNNING
    clock.move(1)
    job = adapter(vendor).check(made.vendor_id)
    assert job.state is JobState.ENDED
    assert set(outcomes(vendor, job).values()) == {"end", "expired"}
    tokens = slow.jobs[0]["charged_tokens"]
    assert slow.jobs[0]["counts"]["expired"] > 0 and tokens["input"] > 0
