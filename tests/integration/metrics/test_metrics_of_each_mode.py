"""One batch in each mode, by an emulated vendor through the real stack: values are the rows'."""

import pytest
from prometheus_client.core import Metric

from assessment.lifecycle.finalising import FAILURES
from assessment.metrics import FAILED_BATCHES
from llmprovider.emulator import Emulator
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.metrics.accounts import (
    assert_the_batches_agree,
    assert_the_calls_agree,
    assert_the_jobs_agree,
    assert_the_queue_agrees,
)
from tests.integration.metrics.meters import Meter, samples_of
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


def _shown() -> list[Metric]:
    """The counter that no run here moves, without the moments at which its series were made."""
    (family,) = FAILED_BATCHES.collect()
    family.samples = [one for one in family.samples if one.name.endswith("_total")]
    return [family]


@pytest.mark.parametrize(("mode", "faulty"), RUNS)
def test_every_value_is_that_of_the_rows(monkeypatch, transactional_db, mode, faulty):
    """T42; issue 8, item 1"""
    set_queue(
        monkeypatch,
        QUEUE_RETRY_BASE_SECONDS=0.02,
        CIRCUIT_OPEN_SECONDS=0.05,
        BATCH_POLL_FIRST_SECONDS=0.1,
    )
    FAILED_BATCHES.clear()  # as in a process that has just started
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
    # Celery's signal for it is that of its command, which the embedded workers are not.
    zeros = {dict(labels)["reason"]: n for (_, labels), n in samples_of(_shown()).items()}
    assert zeros.keys() == {*FAILURES, "cost_cap"} and {*zeros.values()} == {0}, "begun at 0"
    assert_the_queue_agrees(meter)
    assert_the_calls_agree(meter)
    assert_the_jobs_agree(meter)
    assert_the_batches_agree(meter)
    assert bool(meter.total("llm_provider_retries_total")) == faulty
    # DESIGN 10: serial-bundle metrics in serial mode only; jobs where there are jobs.
    serial, jobs = "llm_provider_serial_bundle_calls_total", "llm_provider_batch_api_jobs_total"
    assert bool(meter.total(serial)) == (mode == "serial_bundle")
    assert bool(meter.total(jobs)) == (mode == "provider_batch_api")
