"""Creating a batch: everything is checked and fixed before anything is judged."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from assessment.conf import get_settings
from assessment.intake.forewarnings import CapForecast, forewarnings
from assessment.lifecycle.creating.assignments import anchor_of, assignment_of, check_stored
from assessment.lifecycle.creating.judge_addresses import address_record, address_warnings
from assessment.lifecycle.creating.rehearsals import forecast, most_comparisons
from assessment.lifecycle.creating.resolutions import (
    resolve_batching,
    resolve_budget,
    resolve_judges,
    resolve_strategy,
)
from assessment.lifecycle.creating.specs import BatchRefused, BatchSpec, EssaySpec, JudgeSpec
from assessment.log_names import fields_of
from assessment.models import Assignment, Batch, Essay
from assessment.modes import LLMBatchingMode, ResolvedMode
from assessment.pairing.budgets import completion_denominator
from llmprovider.contracts import judging
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.log_events import tell
from llmprovider.contracts.texts import warning_signs

log = logging.getLogger(__name__)


def check_essays(spec: BatchSpec) -> None:
    """Raises BatchRefused for names used twice, grades outside the scale, texts too long."""
    seen: set[str] = set()
    longest = get_settings().MAX_ESSAY_CHARS
    for essay in spec.essays:
        if essay.name in seen:
            raise BatchRefused("essays", f"two essays are named {essay.name}")
        seen.add(essay.name)
        if essay.known_grade and essay.known_grade not in spec.grade_scale:
            raise BatchRefused(
                "essays", f"grade {essay.known_grade!r} of {essay.name} is not on the grade scale"
            )
        if len(essay.text) > longest:
            raise BatchRefused(
                "essays", f"{essay.name} has {len(essay.text)} characters, at most {longest}"
            )
    if not spec.essays:
        raise BatchRefused("essays", "there are none")


def create_batch(
    spec: BatchSpec,
    *,
    created_by: AbstractBaseUser | None = None,
    request_correlation_id: UUID | None = None,
    run_record: dict[str, Any] | None = None,
    idempotency_key: str = "",
    request_sha256: str = "",
    money: CapForecast | None = None,
) -> Batch:
    """Check `spec` and store the batch with its essays; nothing is judged yet.

    Essays are numbered by role and name, so that one seed gives one set of pairs anywhere. money:
    what the money cap pays for, where that is worked out already.
    Raises BatchRefused with nothing stored, and IntegrityError where `created_by` has a batch under
    this key.
    """
    judges, resolved, size = _checked(spec)
    signs = {essay.name: _signs_of(essay) for essay in spec.essays}
    foreseen = forewarnings(
        spec.ordered_essays(),
        comparisons=most_comparisons(spec),
        pairs=spec.pair_positions(),
        money=money or forecast(spec, judges, resolved.mode),
    )
    with transaction.atomic():
        _check_label(spec, created_by)
        assignment = assignment_of(spec, created_by)
        batch = Batch.objects.create(
            assignment=assignment,
            created_by=created_by,
            run_record=run_record,
            idempotency_key=idempotency_key,
            request_sha256=request_sha256,
            request_correlation_id=request_correlation_id or uuid4(),
            judges=[judge.stored() for judge in judges],
            mock=any(judging.is_mock(judge.provider) for judge in judges),
            warnings=[
                *_standing_warnings(judges, resolved, sum(map(bool, signs.values()))),
                *foreseen,
            ],
            **_as_asked(spec, judges, resolved.mode),
            **size,
        )
        _store_essays(batch, assignment, spec.ordered_essays(), signs)
    _tell_of(batch)
    return batch


def check_batch(spec: BatchSpec, *, created_by: AbstractBaseUser | None = None) -> None:
    """Raises BatchRefused for what `create_batch` would refuse, a missing key aside.

    Stores nothing.
    """
    _checked(spec, keyless=True)
    _check_label(spec, created_by)
    check_stored(spec, created_by)


def _checked(
    spec: BatchSpec, *, keyless: bool = False
) -> tuple[list[JudgeSpec], ResolvedMode, dict[str, Any]]:
    """Judges, mode and the fields of `_size_of`."""
    check_essays(spec)
    judges = resolve_judges(spec, keyless=keyless)
    _check_mock_judges(judges)
    resolved = resolve_batching(spec, judges)
    return judges, resolved, _size_of(spec, resolved.mode)


def _tell_of(batch: Batch) -> None:
    names = fields_of(batch)
    transaction.on_commit(
        lambda: tell(
            log,
            logging.INFO,
            "batch_created",
            **names,
            source=batch.cj_source,
            budget=batch.total_budget,
        )
    )


def _check_mock_judges(judges: Sequence[JudgeSpec]) -> None:
    for judge in judges:
        if judging.is_mock(judge.provider) and not judging.has_mock_judge(judge.model):
            raise BatchRefused(
                "judges", f"no mock judge is called {judge.model!r}. Leave the model out"
            )


def _check_label(spec: BatchSpec, owner: AbstractBaseUser | None) -> None:
    """On the command line a run is found by its label."""
    if not spec.label or owner is not None:
        return
    if Batch.objects.filter(label=spec.label, created_by__isnull=True).exists():
        raise BatchRefused(
            "label", f"{spec.label!r} is taken. Choose another, or resume that batch"
        )


def _size_of(spec: BatchSpec, mode: LLMBatchingMode) -> dict[str, Any]:
    """How many comparisons there may be, and which, as fields of the batch.

    Raises BatchRefused where a single wave of them is more than the queue holds.
    """
    overrides = spec.batch_config_overrides
    budget = resolve_budget(spec)
    pairs = spec.pair_positions()
    eligible = spec.eligible_pairs() if pairs is None else len(pairs)
    most_pairs = min(budget, eligible * overrides.judgements_per_pair)
    if mode is LLMBatchingMode.PROVIDER_BATCH_API and most_pairs > judge_queue.capacity():
        raise BatchRefused(
            "max_comparisons_override",
            f"one wave of {most_pairs} comparisons exceeds the queue "
            f"(LLM_PROVIDER_SERVICE_QUEUE_CAPACITY={judge_queue.capacity()})",
        )
    return {
        "specified_pairs": pairs,
        "total_budget": budget,
        "completion_denominator": (
            completion_denominator(budget, eligible, overrides.judgements_per_pair)
            if eligible
            else 0
        ),
    }


def _as_asked(
    spec: BatchSpec, judges: Sequence[JudgeSpec], mode: LLMBatchingMode
) -> dict[str, Any]:
    """What the batch keeps of the request and of the settings in force, as fields."""
    overrides = spec.batch_config_overrides
    return {
        "label": spec.label,
        "settings_in_force": {
            **get_settings().model_dump(mode="json"),
            **judging.settings_in_force(),
            **address_record(judges),
        },
        "bos_batch_id": spec.bos_batch_id,
        "cj_source": spec.cj_source,
        "task": spec.task,
        "rubric": spec.rubric,
        "system_prompt": spec.system_prompt,
        "grade_scale": list(spec.grade_scale),
        "llm_batching_mode": mode,
        "pairing_strategy": resolve_strategy(spec, mode),
        "llm_config_overrides": spec.llm_config_overrides.model_dump(
            exclude={"provider", "model"}, exclude_none=True
        ),
        "bundle_size_override": overrides.bundle_size_override,
        "batch_fill": overrides.batch_fill or "",
        "seed": overrides.seed if overrides.seed is not None else secrets.randbelow(2**53),
        "judgements_per_pair": overrides.judgements_per_pair,
        "compare_anchors": overrides.compare_anchors,
        "money_cap": overrides.money_cap_usd,
        "reliability_target": overrides.reliability_target,
    }


def _signs_of(essay: EssaySpec) -> list[dict[str, Any]]:
    return [asdict(sign) for sign in warning_signs(essay.text, removed=essay.removed_characters)]


def _standing_warnings(
    judges: Sequence[JudgeSpec], mode: ResolvedMode, texts_with_signs: int
) -> list[dict[str, str]]:
    """What holds from the start, however the batch ends."""
    warnings = []
    if any(judging.is_mock(judge.provider) for judge in judges):
        message = "A simulated judge took part: these results say nothing about the essays."
        warnings.append({"code": "mock_run", "message": message})
    warnings += address_warnings(judges)
    if mode.warning:
        warnings.append({"code": "batching_mode", "message": mode.warning})
    if texts_with_signs:
        texts = "1 text was" if texts_with_signs == 1 else f"{texts_with_signs} texts were"
        message = (
            f"Perhaps {texts} written to sway the judge: a person should look before the result "
            "is used. Such texts are judged like all others; the results say which they are."
        )
        warnings.append({"code": "texts_to_look_at", "message": message})
    return warnings


def _store_essays(
    batch: Batch,
    assignment: Assignment,
    essays: Sequence[EssaySpec],
    signs: Mapping[str, list[dict[str, Any]]],
) -> None:
    rows = []
    for position, essay in enumerate(essays):
        anchor = anchor_of(assignment, essay) if essay.role == "anchor" else None
        rows.append(
            Essay(
                batch=batch,
                position=position,
                name=essay.name,
                role=essay.role,
                anchor=anchor,
                known_grade=essay.known_grade,
                text=essay.text,
                sha256=essay.sha256,
                words=len(essay.text.split()),
                warning_signs=signs[essay.name],
            )
        )
    Essay.objects.bulk_create(rows, batch_size=200)
