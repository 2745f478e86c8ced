"""What is Anthropic's own: names of requests, results before the end, one bill for a whole job."""

import anthropic
import pytest

from llmprovider.contracts import ErrorType
from llmprovider.providers.anthropic_messages import payload
from llmprovider.providers.base import ProviderError
from tests.integration.batch_providers.jobs import (
    MODELS,
    adapter,
    collected,
    ended,
    job_file,
    outcomes,
    request,
    requests,
    started,
)

ADAPTER = adapter("anthropic")


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "a:b", "é"])
def test_a_name_outside_the_rules_is_refused(emulator, tmp_path, name):
    with pytest.raises(ProviderError) as caught:
        ADAPTER.create(job_file(tmp_path, "anthropic", {name: request("anthropic")}))
    assert caught.value.error_type is ErrorType.INVALID_REQUEST and emulator.jobs == []


def test_a_name_given_twice_or_no_request_at_all_is_refused(emulator):
    client = anthropic.Anthropic(max_retries=0)
    one = {"custom_id": "a", "params": payload(request("anthropic"))}
    for wrong in ([], [one, one]):
        with pytest.raises(anthropic.BadRequestError):
            client.messages.batches.create(requests=wrong)


def test_our_stream_and_the_sdk_s_own_create_make_the_same_job(emulator, tmp_path):
    asked = requests("anthropic", 3)
    ours = ADAPTER.create(job_file(tmp_path, "anthropic", asked))
    theirs = anthropic.Anthropic().messages.batches.create(
        requests=[{"custom_id": name, "params": payload(each)} for name, each in asked.items()]
    )
    assert ours.requests == theirs.request_counts.processing + theirs.request_counts.succeeded == 3
    assert [job["requests"] for job in emulator.jobs] == [3, 3]


def test_results_before_the_end_are_an_error_of_ours(slow, tmp_path):
    made = started(tmp_path, "anthropic", requests("anthropic", 1))
    with pytest.raises(ProviderError):
        list(ADAPTER.collect(made))


def test_usage_says_that_it_was_a_batch(emulator, tmp_path):
    made = started(tmp_path, "anthropic", requests("anthropic", 1))
    (line,) = anthropic.Anthropic().messages.batches.results(made.vendor_id)
    assert line.result.message.usage.service_tier == "batch"


def test_without_credit_every_request_fails_as_an_outage(emulator, tmp_path):
    """The vendor has no state for it: the job ends, and its lines are errors of the request."""
    emulator.fail_jobs("job_failed")
    job = ended("anthropic", started(tmp_path, "anthropic", requests("anthropic", 3)).vendor_id)
    errors = list(collected("anthropic", job).values())
    assert len(errors) == 3 and all(error.outage for error in errors)
    assert emulator.jobs[0]["charged_usd"] == 0


def test_models_may_be_mixed_and_an_unknown_one_fails_alone(emulator, tmp_path):
    asked = {
        "one": request("anthropic"),
        "two": request("anthropic", 1, model="claude-haiku-4-5"),
        "none": request("anthropic", 2, model="claude-nine"),
    }
    job = ended("anthropic", started(tmp_path, "anthropic", asked).vendor_id)
    assert outcomes("anthropic", job) == {"one": "end", "two": "end", "none": "invalid_request"}
    assert collected("anthropic", job)["one"].model == MODELS["anthropic"]


def test_the_cache_cannot_be_filled_in_a_batch(emulator):
    body = {**payload(request("anthropic")), "max_tokens": 0}
    client = anthropic.Anthropic(max_retries=0)
    made = client.messages.batches.create(requests=[{"custom_id": "a", "params": body}])
    (line,) = client.messages.batches.results(made.id)
    assert line.result.type == "errored"
