"""A batch that goes by batch jobs, over HTTP: asked for, followed, cancelled."""

import json

import pytest
from rest_framework.test import APIClient

from assessment.lifecycle import starting
from assessment.models import Batch
from llmprovider.models import BatchJob
from tests.integration.api.batches import essay, request
from tests.integration.spine import driving

URL = "/api/v1/batches"
BY_JOBS = {"llm_batching_mode_override": "provider_batch_api"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(api: APIClient) -> Batch:
    """A batch of six pairs, in a job that has not been sent."""
    essays = [essay(number) for number in range(4)]
    asked = request(essays=essays, batch_config_overrides=BY_JOBS)
    answer = api.post(URL, asked, format="json")
    assert answer.status_code == 201, answer.data
    starting.start(answer.data["id"])
    return Batch.objects.get()


def test_its_jobs_are_told(api: APIClient, waiting: Batch) -> None:
    answer = api.get(f"{URL}/{waiting.pk}")
    (job,) = answer.data["jobs"]
    assert (job["provider"], job["status"], job["open"]) == ("mock", "planned", True)
    assert (job["requests"], job["comparisons"]) == (6, 6)
    assert job["vendor_id"] is None and job["submitted_at"] is None
    assert json.loads(answer.content)["jobs"][0]["cost_usd"] == 0.0


def test_a_finished_job_tells_what_became_of_its_requests(api: APIClient, waiting: Batch) -> None:
    driving.run(waiting)
    told = api.get(f"{URL}/{waiting.pk}").data
    (job,) = told["jobs"]
    assert (job["status"], job["open"], job["counts"]["succeeded"]) == ("collected", False, 6)
    assert job["ended_at"] and (told["status"], told["waves"]) == ("COMPLETED", 1)


def test_a_live_batch_has_none(api: APIClient) -> None:
    answer = api.post(URL, request(), format="json")
    assert answer.data["jobs"] == []
    assert "jobs" not in api.get(URL).data["results"][0]


def test_cancelling_takes_an_unsent_job_back(api: APIClient, waiting: Batch) -> None:
    """T21: no provider is asked for what nobody waits for."""
    assert api.post(f"{URL}/{waiting.pk}/cancel").status_code == 200
    driving.tend_jobs(waiting)
    assert BatchJob.objects.get().status == BatchJob.Status.CANCELLED
    (job,) = api.get(f"{URL}/{waiting.pk}").data["jobs"]
    assert (job["status"], job["open"]) == ("cancelled", False)


@pytest.mark.parametrize("fill", ["single", "bundles"])
def test_what_a_request_holds_can_be_asked_for(api: APIClient, fill: str) -> None:
    overrides = {**BY_JOBS, "batch_fill": fill}
    answer = api.post(URL, request(batch_config_overrides=overrides), format="json")
    assert answer.status_code == 201
    assert Batch.objects.get().batch_fill == fill


@pytest.mark.parametrize(
    "overrides", [{"batch_fill": "single"}, {**BY_JOBS, "batch_fill": "triples"}]
)
def test_what_it_cannot_hold_is_refused(api: APIClient, overrides: dict[str, str]) -> None:
    answer = api.post(URL, request(batch_config_overrides=overrides), format="json")
    assert answer.status_code == 400
    assert "batch_fill" in str(answer.data)
    assert not Batch.objects.exists()
