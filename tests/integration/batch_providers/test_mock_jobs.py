"""The mock's jobs: done at once, kept nowhere, the same after a restart."""

from datetime import UTC, datetime

import pytest

from llmprovider.providers.base import ProviderError
from llmprovider.providers.batches.base import JobState
from llmprovider.providers.registry import batch_provider_for, has_batches, provider_for
from tests.integration.batch_providers.jobs import file_of, request

pytestmark = pytest.mark.django_db

ASKED = {f"request-{at}": request("mock", at) for at in range(3)}


def mock(asked=ASKED):
    """As after a restart each time: nothing is kept but what the caller has."""
    return batch_provider_for("mock", lambda marker: asked.items() if marker == "job-1" else [])


def test_it_answers_as_the_live_mock_does(tmp_path):
    lines = [mock().line(name, each) for name, each in ASKED.items()]
    made = mock().create(file_of(tmp_path, "mock", lines, "job-1"))
    job = mock().check(made.vendor_id)
    assert job.state is JobState.ENDED
    got = {result.custom_id: result.outcome for result in mock().collect(job)}
    assert got == {name: provider_for("mock").call(each) for name, each in ASKED.items()}


def test_starting_it_twice_is_starting_it_once(tmp_path):
    job = file_of(tmp_path, "mock", [], "job-1")
    names = {mock().create(job).vendor_id for _ in range(2)}
    assert names == {found.vendor_id for found in mock().find(job, datetime.now(UTC), [])}


def test_a_request_it_cannot_judge_fails_alone(tmp_path):
    asked = {**ASKED, "odd": request("mock", 9, model="no-such-mock")}
    job = mock(asked).create(file_of(tmp_path, "mock", [], "job-1"))
    failed = [
        result.custom_id
        for result in mock(asked).collect(job)
        if isinstance(result.outcome, ProviderError)
    ]
    assert failed == ["odd"]


def test_who_takes_jobs_is_known():
    names = ["mock", "anthropic", "openai", "openai_compatible"]
    assert [name for name in names if has_batches(name)] == ["mock", "anthropic", "openai"]
