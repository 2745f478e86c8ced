"""Long launches: a round too large for one transaction, INSTALMENT comparisons in each.

The rows tell how far it has come: pairs of `Wave.planned` that are stored (`Wave.size`), failed
ones that are pending again, and those that have an attempt, and so an item in the queue. Whoever
calls `go_on` next, after a crash or because the monitor asks for it, does the rest. A round is
neither weighed nor sent to a provider by job before all of it is there.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from celery import Signature
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from assessment.lifecycle import messages
from assessment.lifecycle.waves.launch_rows import reset_pairs, store_attempts, store_pairs
from assessment.lifecycle.waves.launching import INSTALMENT, count_requests, note_launched
from assessment.lifecycle.waves.pair_requests import request_type_of, requests_of
from assessment.models import Batch, ComparisonPair, Essay, PairAttempt, Wave
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# Seconds between two transactions. Who waits for SQLite's lock looks for it every 0.1 s.
PAUSE = 0.12


class Overtaken(Exception):
    """Somebody else launches, or launched, this round, or the batch has gone on without it."""


def go_on(batch_id: int, wave_number: int, wave_round: int) -> None:
    """Launch what is left of a round. May run again after a crash at any line, or twice at once.

    A no-op for a round that is launched and a batch that compares no more.
    """
    wave = Wave.objects.select_related("batch").get(batch=batch_id, number=wave_number)
    if wave.round != wave_round or wave.launched_round >= wave_round:
        return
    essays = list(wave.batch.essays.order_by("position"))
    try:
        _store_rest(wave, essays)
        _reset_rest(wave)
        _conclude(wave, _submit_rest(wave, essays))
    except Overtaken:
        tell(log, logging.INFO, "launch_overtaken", batch=batch_id, wave=wave_number)


@contextmanager
def _held(known: Wave) -> Iterator[tuple[Batch, Wave]]:
    """The batch, locked, and its wave, in a transaction. Raises Overtaken."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=known.batch_id)
        wave = Wave.objects.defer("planned").get(pk=known.pk)
        overtaken = wave.round != known.round or wave.launched_round >= known.round
        if batch.status != Batch.Status.COMPARING or overtaken:
            raise Overtaken
        yield batch, wave
    time.sleep(PAUSE)


def _store_rest(known: Wave, essays: Sequence[Essay]) -> None:
    for start in range(known.size, len(known.planned), INSTALMENT):
        with _held(known) as (batch, wave):
            if wave.size != start:
                raise Overtaken
            store_pairs(batch, wave, known.planned[start : start + INSTALMENT], essays)


def _reset_rest(known: Wave) -> None:
    """Failed comparisons of the round before that are worth another try."""
    while known.round > 1:
        with _held(known) as (batch, wave):
            failed = wave.pairs.filter(
                status=ComparisonPair.Status.FAILED,
                attempts__lt=wave.round,
                error__retryable=True,
            )
            chunk = list(failed.order_by("id")[:INSTALMENT])
            reset_pairs(batch, chunk)
        if len(chunk) < INSTALMENT:
            return


def _submit_rest(known: Wave, essays: Sequence[Essay]) -> list[Signature]:
    """Hand what is pending and was never asked to the queue; what is to be sent for it."""
    asked = PairAttempt.objects.filter(correlation_id=OuterRef("correlation_id"))
    pending = known.pairs.filter(~Exists(asked), status=ComparisonPair.Status.PENDING)
    pairs = {pair.correlation_id: pair for pair in pending.order_by("id")}
    if not pairs:
        return []
    of_round = known.pairs.filter(attempts=known.round).count()
    requests = requests_of(known.batch, known, list(pairs.values()), of=of_round, essays=essays)
    steps = []
    for part in judge_queue.instalments_of(requests, INSTALMENT):
        chunk = [pairs[one.correlation_id] for one in part.comparisons]
        with _held(known) as (batch, wave):
            if PairAttempt.objects.filter(pair__in=chunk, number=wave.round).exists():
                raise Overtaken
            store_attempts(chunk, request_type_of(wave))
            steps += judge_queue.submit_instalment(part)
            count_requests(batch, wave, len(chunk))
            Batch.objects.filter(pk=batch.pk).update(last_activity_at=timezone.now())
    return steps


def _conclude(known: Wave, steps: list[Signature]) -> None:
    found = judge_queue.weighed_for_jobs(str(known.batch_id))
    with _held(known) as (batch, wave):
        steps = steps + judge_queue.conclude(str(batch.pk), found)
        note_launched(batch, wave)
        key = (batch.pk, wave.number, wave.round)
        transaction.on_commit(lambda: messages.judge_wave(steps, *key))
        if not wave.pairs.filter(status=ComparisonPair.Status.PENDING).exists():
            # Its last answer came while it could not be weighed yet.
            transaction.on_commit(lambda: messages.finish_wave(*key))
