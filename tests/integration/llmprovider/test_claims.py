"""Claims: one worker an item, and none for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.queueing.leases import claim
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import at_once, bundle_of, items, statuses


@pytest.mark.django_db(transaction=True)
def test_workers_racing_never_share_a_comparison():
    """T1"""
    bundles = [bundle_of(12, batch_key=f"b{number}") for number in range(5)]
    claimed: list[object] = []

    def work() -> None:
        for bundle in bundles:
            claimed.extend(item.pk for item in claim(bundle, timezone.now()))

    at_once(4, work)
    assert len(claimed) == len(set(claimed)) == 60
    assert set(QueueItem.objects.values_list("claims", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_a_message_delivered_to_two_workers_is_one_call(monkeypatch):
    """T1, T36"""
    judge = judges.put_in(monkeypatch)
    bundle = bundle_of(8)
    at_once(3, lambda: process(str(bundle.pk)))
    assert judge.sizes == [8]
    assert ProviderCall.objects.count() == 1
    assert statuses() == ["completed"] * 8


@pytest.mark.django_db
def test_a_claim_is_in_the_order_of_the_bundle_and_leased():
    now = timezone.now()
    claimed = claim(bundle_of(5), now)
    assert [item.bundle_index for item in claimed] == [0, 1, 2, 3, 4]
    assert all(item.lease_expires_at > now and item.claimed_at == now for item in claimed)


@pytest.mark.django_db
def test_what_is_past_its_time_is_not_claimed():
    """T7"""
    bundle = bundle_of(2, expires_at=timezone.now() - timedelta(seconds=1))
    assert claim(bundle, timezone.now()) == []


@pytest.mark.django_db
def test_what_a_dead_worker_holds_stops_nobody_else(monkeypatch):
    """T2, T3"""
    judge = judges.put_in(monkeypatch)
    dead = bundle_of(3)
    claim(dead, timezone.now())
    process(str(bundle_of(4, batch_key="behind").pk))
    assert judge.sizes == [4]
    assert statuses() == ["completed"] * 4 + ["processing"] * 3


@pytest.mark.django_db
def test_nothing_is_left_to_claim_twice():
    bundle = bundle_of(2)
    assert len(claim(bundle, timezone.now())) == 2
    assert claim(bundle, timezone.now()) == []
    assert {item.status for item in items()} == {"processing"}
