"""A job through the real SDKs: created, looked at, and collected, whatever the vendor."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from llmprovider.costs.pricing import cost_of
from llmprovider.providers.batches.base import JobState
from tests.integration.batch_providers.jobs import (
    MODELS,
    adapter,
    collected,
    ended,
    requests,
    started,
)


def test_it_gets_every_answer_by_our_name_for_the_request(emulator, vendor, tmp_path):
    """T20: custom_id round-trips."""
    job = ended(vendor, started(tmp_path, vendor, requests(vendor, 12)).vendor_id)
    assert job.state is JobState.ENDED
    answers = collected(vendor, job)
    assert set(answers) == set(requests(vendor, 12))
    for answer in answers.values():
        (entry,) = json.loads(answer.text)["comparisons"]
        assert entry["winner"] in ("first", "second")
        assert answer.model == MODELS[vendor] and answer.usage.input > 0


def test_answers_come_in_another_order(emulator, vendor, tmp_path):
    job = ended(vendor, started(tmp_path, vendor, requests(vendor, 20)).vendor_id)
    names = [result.custom_id for result in adapter(vendor).collect(job)]
    assert sorted(names) == sorted(requests(vendor, 20)) and names != sorted(names)


def test_our_cost_is_what_was_charged_at_the_batch_price(emulator, vendor, tmp_path):
    job = ended(vendor, started(tmp_path, vendor, requests(vendor, 10)).vendor_id)
    usages = [answer.usage for answer in collected(vendor, job).values()]
    ours = sum(cost_of(vendor, MODELS[vendor], usage, batch=True) for usage in usages)
    live = sum(cost_of(vendor, MODELS[vendor], usage) for usage in usages)
    assert float(ours) == pytest.approx(emulator.jobs[0]["charged_usd"])
    assert float(ours) == pytest.approx(float(live) / 2, abs=1e-6) and ours > 0


def test_every_request_is_asked_once_within_its_job(emulator, vendor, tmp_path):
    started(tmp_path, vendor, requests(vendor, 5))
    (job,) = emulator.jobs
    assert job["counts"] == {"succeeded": 5} and job["model"] == MODELS[vendor]
    assert [call.job for call in emulator.calls] == [job["id"]] * 5
    assert job["charged_tokens"]["output"] == sum(call.output_tokens for call in emulator.calls)


def test_many_who_look_at_once_see_the_same_job(emulator, vendor, tmp_path):
    made = started(tmp_path, vendor, requests(vendor, 60))
    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(lambda _: adapter(vendor).check(made.vendor_id), range(80)))
    assert {job.state for job in seen} <= {JobState.RUNNING, JobState.ENDED}
    job = ended(vendor, made.vendor_id)
    assert len(emulator.calls) == 60 and len(collected(vendor, job)) == 60
