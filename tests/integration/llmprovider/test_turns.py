"""Which bundle a ticket works: turns between batches, priorities, retries behind, nobody asleep."""

from collections import Counter
from datetime import timedelta

import pytest
from celery.exceptions import Retry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from llmprovider.calls.processing import process
from llmprovider.calls.turns import take_turn
from llmprovider.contracts import ErrorType, QueueMode
from llmprovider.models import BatchAccount, Bundle, ProviderCall, QueueItem
from llmprovider.queueing import enqueueing, messages
from llmprovider.queueing.picking import next_due
from llmprovider.tasks import process_bundle
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    at_once,
    bundle_of,
    comparison,
    queued,
    retry_at_once,
    set_queue,
    statuses,
)


def singles(count: int, batch_key: str, **changes: object) -> list[Bundle]:
    return queued(count, batch_key=batch_key, queue_mode=QueueMode.PER_REQUEST, **changes)


def worked() -> list[str]:
    """The batches of the calls so far, in order."""
    return list(ProviderCall.objects.order_by("started_at").values_list("batch_key", flat=True))


@pytest.mark.django_db
def test_two_batches_take_turns(monkeypatch):
    """T9: a large batch that came first does not keep a small one waiting."""
    judges.put_in(monkeypatch)
    singles(40, "large")
    singles(5, "small")
    for _ in range(11):
        take_turn()
    assert Counter(worked()[:10]) == {"large": 5, "small": 5}


@pytest.mark.django_db(transaction=True)
def test_two_batches_share_the_workers_evenly(monkeypatch):
    """T9: with 8 workers the calls of two batches differ by 8 at most while both have work."""
    judges.put_in(monkeypatch)
    singles(40, "a")
    singles(40, "b")
    at_once(8, lambda: [take_turn() for _ in range(5)])
    counts = Counter(worked())
    assert counts["a"] + counts["b"] == 40
    assert abs(counts["a"] - counts["b"]) <= 8


@pytest.mark.django_db
def test_the_more_urgent_batch_goes_first(monkeypatch):
    judges.put_in(monkeypatch)
    singles(3, "patient", priority=6)
    singles(3, "urgent", priority=2)
    for _ in range(6):
        take_turn()
    assert worked() == ["urgent"] * 3 + ["patient"] * 3


@pytest.mark.django_db
def test_what_has_waited_long_overtakes_what_is_urgent(monkeypatch):
    """T17"""
    judges.put_in(monkeypatch)
    singles(2, "urgent", priority=0)
    singles(2, "patient", priority=9)
    long_ago = timezone.now() - timedelta(seconds=9 * 60 + 5)
    Bundle.objects.filter(batch_key="patient").update(not_before=long_ago)
    take_turn()
    assert worked() == ["patient"]


@pytest.mark.django_db
def test_a_retry_does_not_jump_the_queue(monkeypatch):
    """T8"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.failing(ErrorType.SERVER_ERROR), judges.well)
    first, *others = singles(4, "a")
    for _ in range(5):
        take_turn()
    assert judge.sizes == [1] * 5
    last = ProviderCall.objects.order_by("started_at").last()
    assert last.attempt == 2
    assert statuses() == ["completed"] * 4


@pytest.mark.django_db
def test_a_judge_that_is_closed_keeps_nobody_else_waiting(monkeypatch):
    """T8, T9"""
    judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT, retry_after=100.0), judges.well)
    singles(3, "a", overrides={"model": "limited"})
    take_turn()
    singles(3, "b", overrides={"model": "free"})
    for _ in range(3):
        take_turn()
    assert worked() == ["a", "b", "b", "b"]
    back = take_turn().back_in
    assert back is not None
    assert back > 50, "the ticket comes back, and no worker sleeps"


@pytest.mark.django_db
def test_a_ticket_keeps_its_slot_for_the_retry(monkeypatch):
    """T8: so that the chord waits for it."""
    judges.put_in(monkeypatch, judges.failing(ErrorType.OVERLOADED), judges.well)
    turn_of = bundle_of(4)
    with pytest.raises(Retry):
        process_bundle(str(turn_of.pk))
    Bundle.objects.update(not_before=timezone.now())
    process_bundle(str(turn_of.pk))
    assert statuses() == ["completed"] * 4


@pytest.mark.django_db
def test_a_ticket_does_not_wait_for_long(monkeypatch):
    """T8: after two minutes it is the clean-up that says when."""
    judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT, retry_after=600.0))
    bundle = bundle_of(2)
    assert process_bundle(str(bundle.pk)) == str(bundle.pk)
    assert take_turn().back_in is None


@pytest.mark.django_db
def test_a_ticket_with_nothing_to_do_ends(monkeypatch):
    judge = judges.put_in(monkeypatch)
    bundle = bundle_of(2)
    for _ in range(3):
        assert process_bundle(str(bundle.pk)) == str(bundle.pk)
    assert judge.sizes == [2]


@pytest.mark.django_db
def test_a_ticket_says_which_bundle_it_worked(monkeypatch):
    """The next task of its chain takes home what there is."""
    judges.put_in(monkeypatch)
    first = bundle_of(2, batch_key="first")
    second = bundle_of(2, batch_key="second")
    assert {process_bundle(str(first.pk)), process_bundle(str(first.pk))} == {
        str(first.pk),
        str(second.pk),
    }


@pytest.mark.django_db(transaction=True)
def test_tickets_racing_never_share_a_comparison(monkeypatch):
    """T1"""
    judge = judges.put_in(monkeypatch)
    singles(60, "a")
    at_once(8, lambda: [take_turn() for _ in range(8)])
    assert len(judge.requests) == 60
    assert set(QueueItem.objects.values_list("claims", flat=True)) == {1}
    assert statuses() == ["completed"] * 60


@pytest.mark.django_db
def test_interleaved_judges_still_get_full_bundles(monkeypatch):
    """T3, T17: 128 comparisons of two models in turn are two calls of 64."""
    judge = judges.put_in(monkeypatch)
    enqueueing.enqueue([comparison(n, overrides={"model": ("x", "y")[n % 2]}) for n in range(128)])
    for _ in range(3):
        take_turn()
    assert judge.sizes == [64, 64]


@pytest.mark.django_db
def test_a_turn_takes_as_many_queries_with_many_bundles_as_with_one(monkeypatch):
    judges.put_in(monkeypatch)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            take_turn()
        return len(seen)

    singles(1, "small")
    alone = queries()
    singles(500, "large")
    singles(500, "larger")
    assert queries() == alone


@pytest.mark.django_db
def test_a_stale_hint_costs_a_look_and_no_work(monkeypatch):
    """The items decide, whatever `waiting` says."""
    judge = judges.put_in(monkeypatch)
    first, second = singles(2, "a")
    process(str(first.pk))
    Bundle.objects.update(waiting=True)
    take_turn()
    assert judge.sizes == [1, 1]
    assert statuses() == ["completed"] * 2
    assert BatchAccount.objects.get().last_turn_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_full_judge_is_left_alone_by_all_tickets(monkeypatch):
    """T10: what one ticket learns about the limit holds for the others."""
    set_queue(monkeypatch, RATE_LIMITS='{"mock": {"requests_per_minute": 2}}')
    judge = judges.put_in(monkeypatch)
    singles(6, "a")
    turns = [take_turn() for _ in range(6)]
    assert 1 <= len(judge.requests) <= 2
    assert all(turn.back_in for turn in turns if turn.bundle is None)


@pytest.mark.django_db
def test_a_ticket_that_found_no_place_comes_back_although_one_is_free_by_now():
    """A call that ended between two looks must not cost a ticket: nobody would send another."""
    singles(1, "one")
    now = timezone.now()
    assert next_due(now, {}, messages.SLOT) == now


@pytest.mark.django_db
def test_a_ticket_comes_back_when_the_lane_opens_and_ends_when_that_is_far_off():
    bundle = singles(1, "one")[0]
    lane = (bundle.provider, bundle.model)
    now = timezone.now()
    soon, late = now + timedelta(seconds=5), now + 2 * messages.SLOT
    assert next_due(now, {lane: soon}, messages.SLOT) == soon
    assert next_due(now, {lane: late}, messages.SLOT) is None


def test_many_that_wait_for_a_closed_judge_hide_no_other(db):
    """Tickets come back for each in proportion, not all of them when the closed one opens."""
    open_soon, waiting_long = singles(20, "open"), singles(60, "closed")
    now = timezone.now()
    soon, late = now + timedelta(seconds=5), now + timedelta(seconds=100)
    Bundle.objects.filter(pk__in=[one.pk for one in open_soon]).update(not_before=soon)
    Bundle.objects.filter(pk__in=[one.pk for one in waiting_long]).update(model="closed")
    closed = {(waiting_long[0].provider, "closed"): late}
    assert {next_due(now, closed, messages.SLOT) for _ in range(100)} == {soon, late}
