"""What must hold after any run of the suite: the invariants of the source documents."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tests.suite.evidence import LATER, Evidence
from tests.suite.scenarios import Scenario

HINTS = (1, 64)
QUEUE_MODES = {
    "per_request": "per_request",
    "serial_bundle": "serial_bundle",
    "provider_batch_api": "batch_api",
}


@dataclass(frozen=True)
class Check:
    """One invariant: what was found, and what it had to be, in words."""

    name: str
    found: str
    expected: str
    holds: bool


def checks(scenario: Scenario, found: Evidence) -> list[Check]:
    return [
        *_end(scenario, found),
        *_callbacks(scenario, found),
        _hints(found),
        *_nothing_later(found),
        *_shape(scenario, found),
        *_metrics(scenario, found),
        _same("cj_doctor", found.doctor, 0),
    ]


def _same(name: str, found: object, expected: object) -> Check:
    return Check(name, _words(found), _words(expected), found == expected)


def _words(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _end(scenario: Scenario, found: Evidence) -> Iterator[Check]:
    yield _same("exit code", found.exit_code, 0)
    yield _same("status", found.rows["status"], "COMPLETED")
    yield _same("mode in force", found.rows["mode"], scenario.mode)
    yield _same("events of its end", found.rows["events"], 1)


def _callbacks(scenario: Scenario, found: Evidence) -> Iterator[Check]:
    rows = found.rows
    counted = rows["completed"] + rows["failed"]
    yield _same("completed: counter and pairs", rows["completed"], rows["judged pairs"])
    yield _same("failed: counter and pairs", rows["failed"], rows["failed pairs"])
    yield _same("submitted: all answered", rows["submitted"], counted)
    yield _same("callbacks: delivered and recorded", rows["delivered"], rows["recorded"])
    again = rows["asked"] - rows["asked first"]
    yield _same("callbacks: counters and askings again", rows["delivered"], counted + again)
    yield _same(
        "callbacks: metric",
        found.total("llm_provider_comparison_callbacks_total"),
        float(rows["delivered"]),
    )
    if scenario.faultless:
        yield _same("failed comparisons of a faultless vendor", rows["failed"], 0)


def _hints(found: Evidence) -> Check:
    good = [
        hint
        for hint in found.hints
        if isinstance(hint, int) and not isinstance(hint, bool) and HINTS[0] <= hint <= HINTS[1]
    ]
    bad = len(found.hints) - len(good)
    if not found.hints:
        told = "nothing was asked"
    else:
        told = f"{bad} of {len(found.hints)} are not" if bad else f"{min(good)} to {max(good)}"
    return Check("preferred_bundle_size", told, "1 to 64, whole", bool(good) and not bad)


def _nothing_later(found: Evidence) -> Iterator[Check]:
    rows = found.rows
    for name in (*(f"{name} later" for name in LATER), "late", "open"):
        yield _same(f"after completion: {name}", rows[name], 0)


def _shape(scenario: Scenario, found: Evidence) -> Iterator[Check]:
    rows = found.rows
    if scenario.mode == "provider_batch_api":
        yield _same("waves in batch mode", rows["waves"], 1)
        yield Check("batch jobs", str(rows["jobs"]), "at least 1", rows["jobs"] >= 1)
    else:
        yield _same("batch jobs in a live mode", rows["jobs"], 0)
    if scenario.all_pairs:
        pairs = scenario.essays * (scenario.essays - 1) // 2
        yield _same("every pair, once", rows["submitted"], pairs)
    if scenario.first_share is not None:
        yield _first_won(scenario.first_share, rows["first won"], rows["judged pairs"])
    if scenario.mode == "per_request" and scenario.faultless:
        yield _same("calls: one a comparison", rows["live calls"], rows["judged pairs"])
    if scenario.mode == "serial_bundle":
        fewer = rows["live calls"] < rows["judged pairs"]
        words = f"fewer than {rows['judged pairs']}"
        yield Check("calls: bundled", str(rows["live calls"]), words, fewer)
    if scenario.faultless:
        yield _same("calls in the vendor's log", found.vendor_calls, rows["live calls"])
    else:
        waits = found.total("llm_provider_rate_limit_wait_seconds_count")
        troubles = found.vendor_faults + round(waits)
        name = "faults of the vendor, waits for its limits"
        yield Check(name, str(troubles), "at least 1", troubles >= 1)


def _first_won(share: float, first: int, judged: int) -> Check:
    """Within three standard deviations of what the profile draws; the draws are of one seed."""
    room = 3 * math.sqrt(judged * share * (1 - share))
    low, high = share * judged - room, share * judged + room
    words = f"{max(low, 0):.0f} to {min(high, judged):.0f} of {judged}"
    return Check("winners named first", str(first), words, low <= first <= high)


def _metrics(scenario: Scenario, found: Evidence) -> Iterator[Check]:
    rows, mode = found.rows, scenario.mode
    requests = found.by_label("cj_llm_requests_total", "batching_mode")
    yield _same("metric cj_llm_requests", requests, {mode: float(rows["asked first"])})
    started = found.by_label("cj_llm_batches_started_total", "batching_mode")
    yield _same("metric cj_llm_batches_started", started, {mode: 1.0})
    modes = set(found.by_label("llm_provider_comparison_callbacks_total", "queue_processing_mode"))
    own = QUEUE_MODES[mode]
    if scenario.faultless or own != "batch_api":  # what a job failed to judge is asked live
        yield _same("metric callbacks: modes", modes, {own})
    for name, kind in (
        ("llm_provider_http_calls_total", "live calls"),
        ("llm_provider_serial_bundle_calls_total", "serial calls"),
        ("llm_provider_serial_bundle_items_per_call_sum", "serial items"),
    ):
        yield _same(f"metric {name}", found.total(name), float(rows[kind]))
    if own == "per_request":
        yield _same("serial bundles in per_request", rows["serial calls"], 0)
    collected = found.by_label("llm_provider_batch_api_jobs_total", "status").get("collected", 0.0)
    yield _same("metric batch_api_jobs: collected", collected, float(rows["jobs collected"]))
    done = found.total("cj_batch_completion_seconds_count")
    yield _same("metric cj_batch_completion_seconds", done, 1.0)
