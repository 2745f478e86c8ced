"""Each check of the suite, in every scenario: it holds of a good run, and fails of a bad one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.suite.__main__ import lines
from tests.suite.evidence import LATER, Evidence, Samples
from tests.suite.invariants import QUEUE_MODES, checks
from tests.suite.scenarios import SCENARIOS, Scenario

Change = Mapping[str, Any]
CALLBACKS = "llm_provider_comparison_callbacks_total"
SERIAL_ITEMS = "llm_provider_serial_bundle_items_per_call_sum"
WAITS = "llm_provider_rate_limit_wait_seconds_count"


def good(scenario: Scenario) -> Evidence:
    """What a run of it leaves in which all is as it should be."""
    judged = scenario.comparisons
    if scenario.all_pairs:
        judged = scenario.essays * (scenario.essays - 1) // 2
    by_jobs = scenario.mode == "provider_batch_api"
    serial = scenario.mode == "serial_bundle"
    live = 0 if by_jobs else 2 if serial else judged
    rows = {
        "status": "COMPLETED",
        "mode": scenario.mode,
        **dict.fromkeys(("submitted", "completed", "judged pairs"), judged),
        **dict.fromkeys(("failed", "failed pairs", "late", "open"), 0),
        **{f"{name} later": 0 for name in LATER},
        **dict.fromkeys(("asked", "asked first", "recorded", "delivered"), judged),
        "first won": round(judged * (scenario.first_share or 0.5)),
        "waves": 1 if by_jobs else 3,
        "live calls": live,
        "serial calls": live if serial else 0,
        "serial items": judged if serial else 0,
        "jobs": 1 if by_jobs else 0,
        "jobs collected": 1 if by_jobs else 0,
        "events": 1,
    }
    return Evidence(
        exit_code=0,
        doctor=0,
        rows=rows,
        hints=(1, 64, 7),
        samples=_samples(scenario, rows),
        vendor_calls=live,
        vendor_faults=0 if scenario.faultless else 1,
    )


def _samples(scenario: Scenario, rows: Mapping[str, Any]) -> Samples:
    def one(value: float, **labels: str) -> dict[frozenset[tuple[str, str]], float]:
        return {frozenset(labels.items()): float(value)}

    own = QUEUE_MODES[scenario.mode]
    return {
        "cj_llm_requests_total": one(rows["asked first"], batching_mode=scenario.mode),
        "cj_llm_batches_started_total": one(1, batching_mode=scenario.mode),
        CALLBACKS: one(rows["delivered"], queue_processing_mode=own),
        "llm_provider_http_calls_total": one(rows["live calls"]),
        "llm_provider_serial_bundle_calls_total": one(rows["serial calls"]),
        SERIAL_ITEMS: one(rows["serial items"]),
        "llm_provider_batch_api_jobs_total": one(rows["jobs collected"], status="collected"),
        "cj_batch_completion_seconds_count": one(1),
        WAITS: {},
    }


def without(name: str) -> Change:
    return {"samples": {name: {}}}


def of_mode(name: str, label: str) -> Change:
    """Counted under another mode."""
    return {"samples": {name: {frozenset({(label, "other")}): 1.0}}}


# By the name of a check: what to break of a good run, so that it must fail.
BREAKS: Mapping[str, Change] = {
    "exit code": {"exit_code": 1},
    "cj_doctor": {"doctor": 1},
    "status": {"rows": {"status": "FAILED"}},
    "mode in force": {"rows": {"mode": "other"}},
    "events of its end": {"rows": {"events": 2}},
    "completed: counter and pairs": {"rows": {"judged pairs": 1}},
    "failed: counter and pairs": {"rows": {"failed pairs": 1}},
    "submitted: all answered": {"rows": {"submitted": 1000}},
    "callbacks: delivered and recorded": {"rows": {"recorded": 1}},
    "callbacks: counters and askings again": {"rows": {"asked": 1000}},
    "callbacks: metric": without(CALLBACKS),
    "failed comparisons of a faultless vendor": {"rows": {"failed": 1}},
    "preferred_bundle_size": {"hints": (1, 65)},
    **{f"after completion: {name} later": {"rows": {f"{name} later": 1}} for name in LATER},
    "after completion: late": {"rows": {"late": 1}},
    "after completion: open": {"rows": {"open": 1}},
    "waves in batch mode": {"rows": {"waves": 2}},
    "batch jobs": {"rows": {"jobs": 0}},
    "batch jobs in a live mode": {"rows": {"jobs": 1}},
    "every pair, once": {"rows": {"submitted": 1}},
    "winners named first": {"rows": {"first won": 1000}},
    "calls: one a comparison": {"rows": {"live calls": 1000}},
    "calls: bundled": {"rows": {"live calls": 1000}},
    "calls in the vendor's log": {"vendor_calls": 1000},
    "faults of the vendor, waits for its limits": {"vendor_faults": 0},
    "metric cj_llm_requests": of_mode("cj_llm_requests_total", "batching_mode"),
    "metric cj_llm_batches_started": of_mode("cj_llm_batches_started_total", "batching_mode"),
    "metric callbacks: modes": of_mode(CALLBACKS, "queue_processing_mode"),
    "metric llm_provider_http_calls_total": {"rows": {"live calls": 1000}},
    "metric llm_provider_serial_bundle_calls_total": {"rows": {"serial calls": 1000}},
    f"metric {SERIAL_ITEMS}": {"rows": {"serial items": 1000}},
    "serial bundles in per_request": {"rows": {"serial calls": 1}},
    "metric batch_api_jobs: collected": {"rows": {"jobs collected": 9}},
    "metric cj_batch_completion_seconds": without("cj_batch_completion_seconds_count"),
}


def broken(scenario: Scenario, change: Change) -> set[str]:
    """The checks that see it."""
    was = good(scenario)
    merged = {
        name: {**getattr(was, name), **new} if isinstance(new, Mapping) else new
        for name, new in change.items()
    }
    return {check.name for check in checks(scenario, replace(was, **merged)) if not check.holds}


def names(scenario: Scenario) -> set[str]:
    return {check.name for check in checks(scenario, good(scenario))}


@pytest.mark.parametrize("played", SCENARIOS)
def test_it_holds_of_a_good_run_and_fails_of_a_bad_one(played: str) -> None:
    scenario = SCENARIOS[played]
    assert broken(scenario, {}) == set()
    blind = [name for name in names(scenario) if name not in broken(scenario, BREAKS[name])]
    assert blind == []


def test_no_break_is_for_a_check_that_is_gone() -> None:
    assert set(BREAKS) == set().union(*map(names, SCENARIOS.values()))


@pytest.mark.parametrize("hint", [0, 65, None, "6", True])
def test_a_hint_is_a_whole_number_from_1_to_64(hint: object) -> None:
    assert broken(SCENARIOS["regular"], {"hints": (1, hint)}) == {"preferred_bundle_size"}


def test_a_run_that_asked_nothing_is_wrong_and_no_error() -> None:
    regular = SCENARIOS["regular"]
    (check,) = (
        check
        for check in checks(regular, replace(good(regular), hints=()))
        if check.name == "preferred_bundle_size"
    )
    assert (check.found, check.holds) == ("nothing was asked", False)


def test_a_wait_for_the_vendors_limits_is_a_trouble_too() -> None:
    limited = SCENARIOS["rate-limited"]
    waited = {WAITS: {frozenset({("scope", "account")}): 2.0}}
    assert broken(limited, {"vendor_faults": 0, "samples": waited}) == set()


def test_the_names_stand_in_one_column() -> None:
    found = checks(SCENARIOS["regular"], good(SCENARIOS["regular"]))
    starts = {
        len(line) - len(check.found)
        for check, line in zip(found, lines(found).splitlines(), strict=True)
    }
    assert len(starts) == 1
