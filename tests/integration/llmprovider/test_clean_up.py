"""The sweep: what died, expired or was lost on the way is put right from the rows alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.calls.admissions import Begun, begin
from llmprovider.calls.processing import process
from llmprovider.calls.turns import take_turn
from llmprovider.contracts import ErrorType, QueueMode
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import Bundle, Gate, ProviderCall, QueueItem
from llmprovider.queueing.clean_up import clean_up
from llmprovider.queueing.leases import claim
from llmprovider.tasks import process_bundle
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    ON_RESULTS,
    at_once,
    bundle_of,
    items,
    queued,
    set_queue,
    statuses,
)
from tests.integration.spine.brokers import Broker

LEASE = timedelta(seconds=601)
PATIENCE = timedelta(seconds=61)
TTL = timedelta(hours=4, seconds=1)


@pytest.fixture
def broker(transactional_db):
    """The in-memory broker without a worker; empty before and after."""
    empty = Broker()
    empty.take()
    yield empty
    empty.take()


@pytest.mark.django_db
def test_a_dead_lease_is_freed_and_a_living_one_is_not():
    """T2"""
    now = timezone.now()
    claim(bundle_of(2), now)
    claim(bundle_of(2, batch_key="alive"), now + LEASE)
    clean_up(now + LEASE)
    assert statuses() == ["processing"] * 2 + ["queued"] * 2
    assert {i.lease_token for i in QueueItem.objects.filter(status="queued")} == {None}


@pytest.mark.django_db
def test_a_freed_comparison_is_judged_by_the_next_worker(monkeypatch):
    """T2"""
    bundle = bundle_of(2)
    now = timezone.now()
    claim(bundle, now - LEASE)
    clean_up(now)
    judges.put_in(monkeypatch)
    process(str(bundle.pk))
    assert statuses() == ["completed"] * 2
    assert {item.claims for item in items()} == {2}


@pytest.mark.django_db
def test_what_kills_every_worker_ends_with_an_error(monkeypatch):
    """T7, P-70"""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=2)
    bundle = bundle_of(1)
    now = timezone.now()
    for _ in range(2):
        assert claim(bundle, now)
        now += LEASE
        clean_up(now)
    (item,) = items()
    assert (item.status, item.claims, item.lease_expires_at) == ("expired", 2, None)
    (result,) = judge_queue.results_of(str(bundle.pk))
    assert result.error_detail.code == "EXPIRED"
    assert result.error_detail.correlation_id == item.correlation_id


@pytest.mark.django_db
def test_a_comparison_past_its_time_expires_once():
    """T7"""
    bundle = bundle_of(3)
    now = timezone.now() + TTL
    clean_up(now)
    first = [item.error for item in items()]
    clean_up(now + PATIENCE)
    assert statuses() == ["expired"] * 3
    assert [item.error for item in items()] == first
    results = judge_queue.results_of(str(bundle.pk))
    assert [result.error_detail.code for result in results] == ["EXPIRED"] * 3
    judge_queue.acknowledge([result.correlation_id for result in results])
    assert judge_queue.results_of(str(bundle.pk)) == []


def test_a_lost_message_is_sent_again(broker):
    """T6, T35"""
    bundle = bundle_of(2)
    clean_up(bundle.announced_at + PATIENCE)
    assert broker.take() == [("llmprovider.process_bundle", [str(bundle.pk)])]


def test_a_message_is_sent_again_once_per_wait(broker):
    """T6"""
    bundle = bundle_of(2)
    now = bundle.announced_at + PATIENCE
    clean_up(now)
    clean_up(now + timedelta(seconds=5))
    assert len(broker.take()) == 1
    clean_up(now + PATIENCE)
    assert len(broker.take()) == 1


def test_of_sweeps_at_once_one_sends_each_message(broker):
    """T6: two beats, or a beat beside a recovery, do not double the work."""
    bundles = [bundle_of(1, batch_key=f"b{number}") for number in range(20)]
    now = bundles[-1].announced_at + PATIENCE
    at_once(3, lambda: clean_up(now))
    sent = sorted(arguments[0] for _, arguments in broker.take())
    assert sent == sorted(str(bundle.pk) for bundle in bundles)


def test_a_long_backlog_is_not_announced_again_and_again(broker, monkeypatch):
    """500 bundles wait behind few workers: their tickets are alive, as the calls show."""
    judges.put_in(monkeypatch)
    bundles = queued(500, queue_mode=QueueMode.PER_REQUEST)
    later = timezone.now() + 2 * PATIENCE
    process(str(bundles[0].pk))
    ProviderCall.objects.update(started_at=later - timedelta(seconds=30))
    clean_up(later)
    assert [task for task, _ in broker.take() if task == "llmprovider.process_bundle"] == []


def test_calls_that_take_long_have_their_tickets(broker):
    """T6: eight workers in calls of five minutes are no silence; dead ones are replaced."""
    bundles = queued(100, queue_mode=QueueMode.PER_REQUEST)
    for bundle in bundles[:8]:
        assert isinstance(begin(str(bundle.pk)), Begun)
    now = timezone.now()
    broker.take()
    for seconds in range(61, 301, 30):
        clean_up(now + timedelta(seconds=seconds))
    assert broker.take() == []
    clean_up(now + LEASE)
    assert len(broker.take()) == 8


def test_a_backlog_without_any_call_gets_a_few_tickets(broker):
    """T6: tickets that go on until nothing is left, at most 32 a minute for each judge."""
    queued(500, queue_mode=QueueMode.PER_REQUEST)
    later = timezone.now() + PATIENCE
    clean_up(later)
    assert len(broker.take()) == 32
    clean_up(later + timedelta(seconds=15))
    assert broker.take() == []


def test_a_ticket_of_the_clean_up_goes_on(broker, monkeypatch):
    """T6: it sends the next like it after each call, and none when nothing is left."""
    judge = judges.put_in(monkeypatch)
    first, second = queued(2, queue_mode=QueueMode.PER_REQUEST)
    sent = []
    for _ in range(3):
        process_bundle(str(first.pk), goes_on=True)
        sent.append(len(broker.take()))
    assert sent == [1, 1, 0]
    assert judge.sizes == [1, 1]


def test_a_closed_judge_gets_no_tickets(broker, monkeypatch):
    """T9: nor is another judge's work held up."""
    judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT, retry_after=600.0))
    process(str(bundle_of(2, overrides={"model": "limited"}).pk))
    bundle_of(2, overrides={"model": "limited"})
    bundle_of(2, overrides={"model": "free"})
    clean_up(timezone.now() + PATIENCE)
    (sent,) = broker.take()
    assert Bundle.objects.get(pk=sent[1][0]).model == "free"


def test_what_waited_long_for_its_time_gets_a_ticket_when_it_comes(broker, monkeypatch):
    """T8: its own ended, as no ticket waits for more than two minutes."""
    judges.put_in(monkeypatch, judges.failing(ErrorType.RATE_LIMIT, retry_after=600.0))
    process(str(bundle_of(2).pk))
    assert broker.take() == []
    retry = QueueItem.objects.first().bundle
    clean_up(retry.not_before - timedelta(seconds=1))
    assert broker.take() == []
    Gate.objects.update(paused_until=None)
    clean_up(retry.not_before)
    clean_up(retry.not_before + timedelta(seconds=15))
    assert broker.take() == [("llmprovider.process_bundle", [str(retry.pk)])]


@pytest.mark.django_db
def test_hints_that_a_crash_left_wrong_are_mended():
    """The items say what waits."""
    bundle, done = bundle_of(2), bundle_of(2, batch_key="done")
    judge_queue.withdraw("done")
    Bundle.objects.filter(pk=bundle.pk).update(waiting=False)
    Bundle.objects.filter(pk=done.pk).update(waiting=True)
    clean_up(timezone.now())
    assert dict(Bundle.objects.values_list("pk", "waiting")) == {bundle.pk: True, done.pk: False}


def test_a_young_message_is_given_time(broker):
    bundle = bundle_of(2)
    clean_up(bundle.announced_at + timedelta(seconds=5))
    assert broker.take() == []


def test_a_retry_is_not_announced_before_its_time(broker):
    """T8"""
    bundle = bundle_of(2)
    later = bundle.announced_at + timedelta(hours=1)
    Bundle.objects.filter(pk=bundle.pk).update(not_before=later)
    clean_up(bundle.announced_at + PATIENCE)
    assert broker.take() == []
    clean_up(later)
    assert len(broker.take()) == 1


def test_results_nobody_fetched_are_delivered_until_they_are(broker, monkeypatch):
    """T35"""
    judges.put_in(monkeypatch)
    bundle = bundle_of(3)
    process(str(bundle.pk))
    now = timezone.now() + PATIENCE
    for sweep in range(2):
        clean_up(now + sweep * PATIENCE)
        assert broker.take() == [(ON_RESULTS, [str(bundle.pk)])]
    judge_queue.acknowledge([item.correlation_id for item in items()])
    clean_up(now + 2 * PATIENCE)
    assert broker.take() == []


def test_a_process_alone_on_its_database_takes_over_at_once(broker):
    """T6, T2: no waiting for leases and messages that died with the process before it."""
    held = bundle_of(2)
    now = timezone.now()
    claim(held, now)
    queued = bundle_of(2, batch_key="queued")
    clean_up(now + timedelta(seconds=1), lone_process=True)
    assert statuses() == ["queued"] * 4
    assert sorted(arguments[0] for _, arguments in broker.take()) == sorted(
        [str(held.pk), str(queued.pk)]
    )


@pytest.mark.parametrize("held_up", ["its judge", "itself"])
def test_it_takes_over_what_waits_for_its_moment(broker, held_up):
    """T6: the ticket that would have come back then died with the process before it."""
    bundle = bundle_of(2)
    now = timezone.now()
    until = now + timedelta(seconds=100)
    if held_up == "its judge":
        Gate.objects.create(provider="mock", model="scripted", paused_until=until)
    else:
        Bundle.objects.update(not_before=until, announced_at=until)
    clean_up(now)
    assert broker.take() == []  # other processes may have it
    clean_up(now, lone_process=True)
    assert broker.take() == [("llmprovider.process_bundle", [str(bundle.pk)])]
    back_in = take_turn().back_in
    assert back_in is not None and back_in > 30
    assert statuses() == ["queued"] * 2


def test_cleaning_up_a_clean_queue_changes_nothing(broker, monkeypatch):
    judges.put_in(monkeypatch)
    bundle = bundle_of(3)
    process(str(bundle.pk))
    judge_queue.acknowledge([item.correlation_id for item in items()])
    before = list(QueueItem.objects.order_by("pk").values())
    for _ in range(2):
        clean_up(timezone.now() + TTL)
    assert list(QueueItem.objects.order_by("pk").values()) == before
    assert broker.take() == []
