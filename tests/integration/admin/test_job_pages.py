"""Batch jobs in the admin: on the batch's page, and in a list of their own."""

import pytest
from django.test import Client
from django.urls import reverse

from assessment.models import Batch
from llmprovider.models import BatchJob
from tests.integration.admin.pages import list_url, page
from tests.integration.assessment.essays import batch
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db


@pytest.fixture
def by_job() -> Batch:
    mode = {"llm_batching_mode_override": "provider_batch_api"}
    return driving.started(batch(4, overrides=mode))


def test_the_batchs_page_tells_where_its_jobs_are(admin: Client, by_job: Batch) -> None:
    url = reverse("admin:assessment_batch_change", args=[by_job.pk])
    assert "to be sent, 0 of 6 requests answered" in page(admin, url)
    driving.run(by_job)
    assert "done (ended), 6 of 6 requests answered" in page(admin, url)


def test_jobs_are_found_by_their_batch(admin: Client, by_job: Batch) -> None:
    driving.started(batch(4))
    job = BatchJob.objects.get()
    shown = page(admin, list_url("llmprovider_batchjob"), q=str(by_job.pk))
    assert shown.count(f"/batchjob/{job.pk}/change/") == 1
    assert str(job.pk) not in page(admin, list_url("llmprovider_batchjob"), q="999999")
    assert "planned" in page(admin, reverse("admin:llmprovider_batchjob_change", args=[job.pk]))


def test_cancelling_the_batch_takes_the_job_back(admin: Client, by_job: Batch) -> None:
    """T21, from the admin."""
    action = {"action": "cancel_selected", "_selected_action": [by_job.pk]}
    admin.post(list_url("assessment_batch"), action)
    driving.tend_jobs(by_job)
    assert BatchJob.objects.get().status == BatchJob.Status.CANCELLED
