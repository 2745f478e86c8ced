"""Launching a wave, or a further round of it: pairs and queue items, then messages on commit.

What is small goes in the transaction that decides on it. What is large is only written down there,
and goes in instalments: see `long_launches`.
"""

import logging
from collections.abc import Sequence

from django.db import transaction

from assessment.lifecycle import messages
from assessment.lifecycle.waves.launch_rows import (
    planned_pairs,
    reset_pairs,
    store_attempts,
    store_pairs,
)
from assessment.lifecycle.waves.pair_requests import request_type_of, requests_of
from assessment.log_names import fields_of
from assessment.metrics import LLM_REQUESTS
from assessment.models import Batch, ComparisonPair, Wave
from assessment.pairing.waves import WavePlan
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.counting import count
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)

# Most comparisons in one transaction: one to two seconds in which nobody else can write on SQLite.
INSTALMENT = 1_000


def launch_wave(batch: Batch, plan: WavePlan) -> Wave:
    """Begin the batch's next wave; it is launched on return unless it is larger than INSTALMENT.

    The caller holds the batch's row lock and its transaction. Raises QueueFull, storing nothing.
    """
    number = batch.waves.count() + 1
    planned = planned_pairs(batch, number, plan)
    wave = Wave.objects.create(batch=batch, number=number, kind=plan.kind, size=0)
    if len(planned) > INSTALMENT:
        judge_queue.expect(str(batch.pk), len(planned))
        wave.planned = planned
        wave.save(update_fields=["planned"])
        _announce(batch, wave)
    else:
        essays = list(batch.essays.defer("text").order_by("position"))
        _submit(batch, wave, store_pairs(batch, wave, planned, essays))
    return wave


def relaunch_failed(batch: Batch, wave: Wave, failed: Sequence[ComparisonPair]) -> None:
    """Ask the wave's failed comparisons again, on the same rows, as a new round of the wave.

    The caller holds the batch's row lock and its transaction. Raises QueueFull, storing nothing.
    """
    wave.round += 1
    wave.save(update_fields=["round"])
    if len(failed) > INSTALMENT:
        judge_queue.expect(str(batch.pk), len(failed))
        _announce(batch, wave)
    else:
        reset_pairs(batch, failed)
        _submit(batch, wave, failed)


def _announce(batch: Batch, wave: Wave) -> None:
    key = (batch.pk, wave.number, wave.round)
    transaction.on_commit(lambda: messages.launch_wave(*key))


def _submit(batch: Batch, wave: Wave, pairs: Sequence[ComparisonPair]) -> None:
    store_attempts(pairs, request_type_of(wave))
    steps = judge_queue.submit(requests_of(batch, wave, pairs, of=len(pairs)))
    count_requests(batch, wave, len(pairs))
    note_launched(batch, wave)
    key = (batch.pk, wave.number, wave.round)
    transaction.on_commit(lambda: messages.judge_wave(steps, *key))


def count_requests(batch: Batch, wave: Wave, sent: int) -> None:
    if request_type_of(wave) is ComparisonPair.RequestType.COMPARISON:
        count(LLM_REQUESTS, sent, batching_mode=batch.llm_batching_mode)


def note_launched(batch: Batch, wave: Wave) -> None:
    """All of the round is in the queue, so it may be weighed once it is answered."""
    wave.launched_round = wave.round
    wave.planned = []
    wave.save(update_fields=["launched_round", "planned"])
    tell(
        log,
        logging.INFO,
        "wave_launched",
        **fields_of(batch),
        wave=wave.number,
        round=wave.round,
        kind=wave.kind,
        wave_size=wave.size,
        submitted=batch.submitted,
        budget=batch.total_budget,
    )
