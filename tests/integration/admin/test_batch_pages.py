"""One batch in the admin: where it stands, what belongs to it, and how to stop it."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from assessment.lifecycle import starting
from assessment.models import Batch
from llmprovider.contracts import bills
from llmprovider.models import QueueItem
from tests.integration.admin.pages import list_url, page
from tests.integration.admin.rows import MODELS
from tests.integration.assessment.essays import batch

pytestmark = pytest.mark.django_db


def change_url(pk: int) -> str:
    return reverse("admin:assessment_batch_change", args=[pk])


def cancel(client: Client, *ids: int) -> str:
    answer = client.post(
        list_url("assessment_batch"),
        {"action": "cancel_selected", "_selected_action": list(ids)},
        follow=True,
    )
    return answer.content.decode()


def test_the_list_tells_how_far_each_batch_is(admin: Client, finished: Batch) -> None:
    waiting = batch(4)
    shown = page(admin, list_url("assessment_batch"))
    assert '<progress value="0" max="100"></progress> 0 %' in shown
    assert shown.count("<progress") == 1  # what has ended goes no further, however far it came
    assert f"{finished.completed} of {finished.completion_denominator}" in shown
    assert f"0 of {waiting.completion_denominator}" in shown
    assert finished.stop_reason in shown.lower().replace(" ", "_")


def test_a_page_shows_state_waves_and_what_was_billed(admin: Client, finished: Batch) -> None:
    shown = page(admin, change_url(finished.pk))
    totals = bills.totals_of(str(finished.pk))
    assert f"in {totals['calls']} calls, {totals['input_tokens']:,} tokens in" in shown
    assert shown.count("/admin/assessment/wave/") >= finished.waves.count()
    for warning in finished.warnings:
        assert warning["message"].split("'")[0].split('"')[0] in shown


def test_its_links_lead_to_lists_of_its_own_rows(admin: Client, finished: Batch) -> None:
    other = batch(3)
    starting.start(other.pk)
    shown = page(admin, change_url(finished.pk))
    lists = {}
    for model in MODELS:
        found = re.search(rf'href="({re.escape(list_url(model))}\?[^"]+)"', shown)
        if found:
            lists[model] = found.group(1).replace("&amp;", "&")
    assert set(lists) == set(MODELS) - {"assessment_batch"}
    expected = {
        "assessment_wave": finished.waves.count(),
        "assessment_comparisonpair": finished.pairs.count(),
        "assessment_essay": 6,
        "assessment_gradeprojection": 6,
        "assessment_outgoingevent": 1,
        "llmprovider_batchaccount": 1,
        "llmprovider_queueitem": finished.pairs.count(),
        "llmprovider_providercall": len(bills.calls_of(str(finished.pk))),
        "llmprovider_bundle": len({call["bundle_id"] for call in bills.calls_of(str(finished.pk))}),
    }
    for model, url in lists.items():
        assert page(admin, url).count('<th class="field-') == expected[model], model


def test_every_record_of_a_batch_has_a_page(admin: Client, finished: Batch) -> None:
    for model, table in MODELS.items():
        page(admin, reverse(f"admin:{model}_change", args=[table.objects.first().pk]))


def test_a_batch_without_comparisons_has_a_page(admin: Client) -> None:
    alone = batch(1)
    assert alone.completion_denominator == 0
    page(admin, change_url(alone.pk))


def test_selected_batches_are_cancelled(admin: Client, finished: Batch) -> None:
    first, second = batch(4), batch(5)
    starting.start(first.pk)
    shown = cancel(admin, first.pk, second.pk, finished.pk)
    for one in (first, second):
        one.refresh_from_db()
        assert (one.status, one.stop_reason) == ("CANCELLED", "cancelled")
    finished.refresh_from_db()
    assert finished.status == Batch.Status.COMPLETED
    assert f"Cancelled: batches {second.pk}, {first.pk}." in shown
    assert f"Had ended before: batch {finished.pk}." in shown
    assert not QueueItem.objects.filter(batch_key=str(first.pk), delivered_at=None).exists()
    assert LogEntry.objects.count() == 2


def test_whoever_may_only_look_cannot_cancel(client: Client) -> None:
    created = batch(4)
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_batch"))
    client.force_login(clerk)
    assert "Cancel selected" not in page(client, list_url("assessment_batch"))
    cancel(client, created.pk)
    created.refresh_from_db()
    assert created.status == Batch.Status.PENDING
