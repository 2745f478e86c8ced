"""Lists of what the machine wrote: long ones too, searchable, without a word of an essay."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from assessment.models import Batch, Essay
from llmprovider.models import ProviderCall, QueueItem
from tests.integration.admin.pages import list_url, page, queries_of
from tests.integration.admin.rows import MODELS, fill

pytestmark = pytest.mark.django_db


ROW = '<th class="field-'


def test_a_list_of_200_rows_costs_as_many_queries_as_a_short_one(
    admin: Client, finished: Batch
) -> None:
    for model in MODELS:
        url = list_url(model)
        page(admin, url)  # what is looked up once and remembered
        few = queries_of(partial(page, admin, url))
        fill(model, 200)
        assert page(admin, url, p=1).count(ROW) == 100, model
        assert page(admin, url, p=2).count(ROW) == 100, model
        assert queries_of(partial(page, admin, url)) <= few, model


def test_a_list_holds_no_essay_text(admin: Client, finished: Batch) -> None:
    assert "A sentence about schools." in Essay.objects.first().text
    for model in MODELS:
        assert "A sentence about schools." not in page(admin, list_url(model)), model


def test_every_list_can_be_searched_for_a_batch(admin: Client, finished: Batch) -> None:
    for model in MODELS:
        assert page(admin, list_url(model), q=finished.pk).count(ROW) > 0, model
        for nothing in (finished.pk + 7, 'Åsa\'s % "text"'):
            assert page(admin, list_url(model), q=nothing).count(ROW) == 0, model


def test_nothing_can_be_added_changed_or_deleted(admin: Client, finished: Batch) -> None:
    for model, table in MODELS.items():
        row = table.objects.first()
        before = table.objects.filter(pk=row.pk).values().get()
        change = reverse(f"admin:{model}_change", args=[row.pk])
        assert admin.get(reverse(f"admin:{model}_add")).status_code == 403
        assert admin.post(reverse(f"admin:{model}_delete", args=[row.pk])).status_code == 403
        assert admin.post(change, {"status": "FAILED", "label": "mine"}).status_code == 403
        assert 'name="_save"' not in page(admin, change)
        assert table.objects.filter(pk=row.pk).values().get() == before


def test_pairs_and_items_are_found_by_correlation_id(admin: Client, finished: Batch) -> None:
    wanted, other = finished.pairs.all()[:2]
    for model in ("assessment_comparisonpair", "llmprovider_queueitem"):
        shown = page(admin, list_url(model), q=str(wanted.correlation_id))
        assert shown.count(ROW) == 1
        assert str(other.correlation_id) not in shown


def test_batches_are_found_by_label_and_external_id(admin: Client, finished: Batch) -> None:
    Batch.objects.filter(pk=finished.pk).update(label="Spring exam", bos_batch_id="bos-77")
    for sought in ("spring", "bos-77", str(finished.pk)):
        assert "Spring exam" in page(admin, list_url("assessment_batch"), q=sought)
    assert "Spring exam" not in page(admin, list_url("assessment_batch"), q="autumn")


FILTERS: list[tuple[str, dict[str, object]]] = [
    ("assessment_batch", {"status__exact": "COMPLETED", "mock__exact": 1}),
    ("assessment_batch", {"llm_batching_mode__exact": "per_request"}),
    ("assessment_comparisonpair", {"status__exact": "succeeded"}),
    ("assessment_wave", {"kind__exact": "coverage"}),
    ("assessment_essay", {"role__exact": "anchor"}),
    ("assessment_gradeprojection", {"essay__role__exact": "student"}),
    ("llmprovider_queueitem", {"status__exact": "failed", "provider": "mock"}),
    ("llmprovider_bundle", {"queue_mode__exact": "serial_bundle"}),
    ("llmprovider_providercall", {"mock__exact": 1}),
]


def test_lists_can_be_filtered(admin: Client, finished: Batch) -> None:
    for model, filters in FILTERS:
        shown = page(admin, list_url(model), **filters).count(ROW)
        assert shown == MODELS[model].objects.filter(**filters).count(), (model, filters)


def test_what_others_wrote_is_escaped(admin: Client, finished: Batch) -> None:
    evil = "<script>alert(1)</script>"
    Batch.objects.filter(pk=finished.pk).update(
        label=evil, failure=evil, warnings=[{"code": "x", "message": evil}]
    )
    Essay.objects.filter(batch=finished, position=0).update(name=evil)
    ProviderCall.objects.update(error_message=evil)
    QueueItem.objects.update(batch_key=evil)
    urls = [list_url(model) for model in MODELS]
    urls.append(reverse("admin:assessment_batch_change", args=[finished.pk]))
    urls.append(
        reverse("admin:llmprovider_providercall_change", args=[ProviderCall.objects.first().pk])
    )
    shown = "".join(page(admin, url) for url in urls)
    assert evil not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_lists_are_closed_to_all_but_staff_with_the_permission(client: Client) -> None:
    pupil = User.objects.create_user("pupil")
    clerk = User.objects.create_user("clerk", is_staff=True)
    for user, status in ((None, 302), (pupil, 302), (clerk, 403)):
        if user:
            client.force_login(user)
        for model in MODELS:
            assert client.get(list_url(model)).status_code == status, (user, model)
