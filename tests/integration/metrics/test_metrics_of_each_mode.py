"""One batch in each mode, by an emulated vendor through the real stack: values are the rows'."""

import pytest

from llmprovider.emulator import Emulator
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.metrics.accounts import (
    assert_the_batches_agree,
    assert_the_calls_agree,
    assert_the_jobs_agree,
    assert_the_queue_agrees,
)
from tests.integration.metrics.meters import Meter
from tests.integration.vendors import emulated

# Without faults, each comparison is claimed once, so that the waits can be summed from the rows.
RUNS = [
    ("serial_bundle", False),
    ("per_request", True),
    ("serial_bundle", True),
    ("provider_batch_api", True),
]


def calls_fail(emulator: Emulator) -> None:
    for fault in ("overloaded", "missing_item", "refusal", "malformed_body", "rate_limit"):
        emulator.fail_next(fault, retry_after=0.05)


def lines_fail(emulator: Emulator) -> None:
    for fault in ("expired_line", "lost_line", "broken_line"):
        emulator.fail_jobs(fault)


@pytest.mark.parametrize(("mode", "faulty"), RUNS)
def test_every_value_is_that_of_the_rows(monkeypatch, transactional_db, mode, faulty):
    """T42; issue 8, item 1"""
    set_queue(
        monkeypatch,
        QUEUE_RETRY_BASE_SECONDS=0.02,
        CIRCUIT_OPEN_SECONDS=0.05,
        BATCH_POLL_FIRST_SECONDS=0.1,
    )
    meter = Meter()
    with emulated.vendor(monkeypatch) as emulator:
        if faulty:
            (lines_fail if mode == "provider_batch_api" else calls_fail)(emulator)
        one = emulated.judged_by(
            "anthropic",
            6,
            max_comparisons_override=15,
            overrides={"llm_batching_mode_override": mode},
        )
        with emulated.stack():
            emulated.ended(emulated.begun(one))
    assert one.status == "COMPLETED"
    assert_the_queue_agrees(meter)
    assert_the_calls_agree(meter)
    assert_the_jobs_agree(meter)
    assert_the_batches_agree(meter)
    assert bool(meter.total("llm_provider_retries_total")) == faulty
    # DESIGN 10: serial-bundle metrics in serial mode only; jobs where there are jobs.
    serial, jobs = "llm_provider_serial_bundle_calls_total", "llm_provider_batch_api_jobs_total"
    assert bool(meter.total(serial)) == (mode == "serial_bundle")
    assert bool(meter.total(jobs)) == (mode == "provider_batch_api")
