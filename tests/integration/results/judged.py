"""Batches whose verdicts are given by a test, as if judges had sent them."""

from collections.abc import Iterable

import numpy as np
from scipy.special import expit

from assessment.lifecycle.finalising import finalise
from assessment.models import Batch, ComparisonPair, Wave
from tests.integration.assessment.essays import SCALE, batch

Verdict = tuple[int, int, bool, str]


def unjudged(students: int, anchors: int = 0) -> Batch:
    """A batch for a real provider's judge; nothing is sent anywhere."""
    one = batch(students, anchors)
    one.mock = False
    one.warnings = []
    one.save()
    return one


def judged(one: Batch, verdicts: Iterable[Verdict]) -> Batch:
    """The batch ended with these verdicts: (shown first, shown second, first won, model)."""
    essays = list(one.essays.order_by("position"))
    rows = list(verdicts)
    wave = Wave.objects.create(batch=one, number=1, kind="coverage", size=len(rows))
    seen: dict[tuple[int, int], int] = {}
    pairs = []
    for first, second, won, model in rows:
        seen[first, second] = seen.get((first, second), 0) + 1
        pairs.append(
            ComparisonPair(
                batch=one,
                wave=wave,
                essay_a=essays[first],
                essay_b=essays[second],
                repeat=seen[first, second],
                judge=0,
                status="succeeded",
                winner="essay_a" if won else "essay_b",
                provider="anthropic",
                model=model,
            )
        )
    ComparisonPair.objects.bulk_create(pairs)
    one.status = Batch.Status.SCORING
    one.stop_reason = Batch.StopReason.COVERAGE_COMPLETE
    one.submitted = one.completed = len(rows)
    one.save()
    finalise(one.pk)
    one.refresh_from_db()
    return one


def round_robin(one: Batch, seed: int, models: tuple[str, ...] = ("m1",)) -> list[Verdict]:
    """Every pair once: students' true scores normal with SD 1.5, anchors' evenly spread."""
    rng = np.random.default_rng(seed)
    essays = list(one.essays.order_by("position"))
    truth = rng.normal(0.0, 1.5, len(essays))
    for essay in essays:
        if essay.is_anchor:
            truth[essay.position] = 1.1 * (SCALE.index(essay.known_grade) - 2.5)
    verdicts: list[Verdict] = []
    for a in range(len(essays)):
        for b in range(a):
            first, second = (a, b) if rng.random() < 0.5 else (b, a)
            won = bool(rng.random() < expit(truth[first] - truth[second]))
            verdicts.append((first, second, won, models[len(verdicts) % len(models)]))
    return verdicts
