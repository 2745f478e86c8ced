"""What a batch may spend and has spent, and what other programs asked for, to be read only."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessment.models import Batch
from llmprovider.models import BatchAccount, ComparisonSet, ProviderCall
from tests.integration.admin.pages import list_url, page

pytestmark = pytest.mark.django_db


def test_an_account_shows_what_is_spent_and_what_is_under_way(
    admin: Client, finished: Batch
) -> None:
    account = BatchAccount.objects.get()
    BatchAccount.objects.update(money_cap=Decimal("2.5"), settled_usd=Decimal("0.25"))
    last = ProviderCall.objects.order_by("pk").first()
    ProviderCall.objects.exclude(pk=last.pk).update(in_account=True)
    ProviderCall.objects.filter(pk=last.pk).update(
        finished_at=None, cost_usd=0, reserved_usd=Decimal("0.0375")
    )
    for url in (
        list_url("llmprovider_batchaccount"),
        reverse("admin:llmprovider_batchaccount_change", args=[account.pk]),
    ):
        shown = page(admin, url)
        assert "2.5000" in shown and "0.2500" in shown and "0.0375" in shown


def test_a_request_of_another_program_is_listed_without_its_texts(
    admin: Client, finished: Batch
) -> None:
    asked = ComparisonSet.objects.create(
        created_by=User.objects.create_user("program"),
        idempotency_key="spring-1",
        request_sha256="0" * 64,
        provider="mock",
        model="latent-quality",
        comparisons=[["a", "b"], ["b", "c"], ["a", "c"]],
        cancelled_at=timezone.now() - timedelta(minutes=1),
    )
    url = list_url("llmprovider_comparisonset")
    for words in (str(asked.pk), "spring-1", "program"):
        assert f"api:{asked.pk}" in page(admin, url, q=words)
    assert f"api:{asked.pk}" not in page(admin, url, q="spring")
    change = reverse("admin:llmprovider_comparisonset_change", args=[asked.pk])
    assert 'name="_save"' not in page(admin, change)
    assert admin.post(change, {"provider": "openai"}).status_code == 403
    assert admin.get(reverse("admin:llmprovider_comparisonset_add")).status_code == 403
