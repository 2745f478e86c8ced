"""Creating a batch: everything is checked and fixed before anything is judged."""

import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from assessment.conf import get_settings
from assessment.lifecycle.specs import BatchRefused, BatchSpec, EssaySpec, JudgeSpec
from assessment.models import Anchor, Assignment, Batch, Essay
from assessment.modes import LLMBatchingMode, LLMBatchingStrategy, ResolvedMode, resolve_mode
from assessment.pairing.budgets import completion_denominator, eligible_pairs
from llmprovider.contracts import queue as judge_queue


def resolve_judges(spec: BatchSpec) -> list[JudgeSpec]:
    """The judges of a batch: its own, else its overrides', else the settings'. Never a default.

    Raises BatchRefused where none is named or one cannot be used here.
    """
    settings = get_settings()
    judges = list(spec.judges)
    if not judges:
        provider = spec.llm_config_overrides.provider or settings.DEFAULT_LLM_PROVIDER
        if not provider:
            raise BatchRefused(
                "judges",
                "no judge is named. Give a provider and a model; the mock judge too must be named",
            )
        own = spec.llm_config_overrides.model
        fits_default = provider == settings.DEFAULT_LLM_PROVIDER
        judges = [
            JudgeSpec(
                provider=provider, model=own or (settings.DEFAULT_LLM_MODEL if fits_default else "")
            )
        ]
    resolved = [
        JudgeSpec(
            provider=judge.provider,
            model=judge.model or judge_queue.default_model(judge.provider),
        )
        for judge in judges
    ]
    for judge in resolved:
        problem = judge_queue.judge_problem(judge.provider, judge.model)
        if problem:
            raise BatchRefused("judges", problem)
    if len(set(resolved)) != len(resolved):
        raise BatchRefused("judges", "one judge is named twice")
    cap = spec.batch_config_overrides.money_cap_usd
    for judge in resolved:
        if cap is not None and not judge_queue.has_price(judge.provider, judge.model):
            raise BatchRefused(
                "money_cap_usd", f"no price is known for {judge.provider} {judge.model}"
            )
    return resolved


def resolve_budget(spec: BatchSpec) -> int:
    """Most comparisons of the batch. Raises BatchRefused outside 1..the ceiling."""
    settings = get_settings()
    asked = spec.max_comparisons_override
    if asked is None:
        return settings.MAX_PAIRWISE_COMPARISONS
    if not 1 <= asked <= settings.MAX_COMPARISONS_CEILING:
        raise BatchRefused(
            "max_comparisons_override",
            f"{asked} is outside 1 to {settings.MAX_COMPARISONS_CEILING}",
        )
    return asked


def resolve_batching(spec: BatchSpec, judges: Sequence[JudgeSpec]) -> ResolvedMode:
    settings = get_settings()
    return resolve_mode(
        spec.batch_config_overrides.llm_batching_mode_override,
        settings.LLM_BATCHING_MODE,
        [judge.provider for judge in judges],
        settings.LLM_BATCH_API_ALLOWED_PROVIDERS,
    )


def resolve_strategy(spec: BatchSpec, mode: LLMBatchingMode) -> str:
    """The caller's pairs, if any; blocks where a call holds many texts once; else single pairs."""
    if spec.pairs is not None:
        return "specified"
    named = spec.batch_config_overrides.pairing_strategy
    return named or ("blocks" if mode is LLMBatchingMode.SERIAL_BUNDLE else "balanced")


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
) -> Batch:
    """Check `spec` and store the batch with its essays; nothing is judged yet.

    Essays are numbered by role and name, so that one seed gives one set of pairs anywhere.
    Raises BatchRefused with nothing stored.
    """
    check_essays(spec)
    judges = resolve_judges(spec)
    for judge in judges:
        if judge_queue.is_mock(judge.provider) and not judge_queue.has_mock_judge(judge.model):
            raise BatchRefused(
                "judges", f"no mock judge is called {judge.model!r}. Leave the model out"
            )
    resolved = resolve_batching(spec, judges)
    overrides = spec.batch_config_overrides
    budget = resolve_budget(spec)
    pairs = spec.pair_positions()
    if pairs is None:
        anchors = sum(essay.role == "anchor" for essay in spec.essays)
        eligible = eligible_pairs(len(spec.essays) - anchors, anchors, overrides.compare_anchors)
    else:
        eligible = len(pairs)
    single_wave = resolved.mode is LLMBatchingMode.PROVIDER_BATCH_API
    most_pairs = min(budget, eligible * overrides.judgements_per_pair)
    if single_wave and most_pairs > judge_queue.capacity():
        raise BatchRefused(
            "max_comparisons_override",
            f"one wave of {most_pairs} comparisons exceeds the queue "
            f"(LLM_PROVIDER_SERVICE_QUEUE_CAPACITY={judge_queue.capacity()})",
        )
    strategy = LLMBatchingStrategy(get_settings().LLM_BATCHING_STRATEGY)
    if overrides.bundle_size_override and strategy is not LLMBatchingStrategy.SERIAL_OVERRIDE:
        raise BatchRefused(
            "bundle_size_override",
            "works only with CJ_ASSESSMENT_SERVICE_LLM_BATCHING_STRATEGY=serial_override",
        )
    with transaction.atomic():
        if spec.label and created_by is None:
            if Batch.objects.filter(label=spec.label, created_by__isnull=True).exists():
                raise BatchRefused(
                    "label", f"{spec.label!r} is taken. Choose another, or resume that batch"
                )
        assignment = _assignment_of(spec, created_by)
        batch = Batch.objects.create(
            label=spec.label,
            assignment=assignment,
            created_by=created_by,
            run_record=run_record,
            settings_in_force={
                **get_settings().model_dump(mode="json"),
                **judge_queue.settings_in_force(),
            },
            bos_batch_id=spec.bos_batch_id,
            cj_source=spec.cj_source,
            request_correlation_id=request_correlation_id or uuid4(),
            task=spec.task,
            rubric=spec.rubric,
            system_prompt=spec.system_prompt,
            grade_scale=list(spec.grade_scale),
            llm_batching_mode=resolved.mode,
            pairing_strategy=resolve_strategy(spec, resolved.mode),
            specified_pairs=pairs,
            judges=[judge.model_dump() for judge in judges],
            llm_config_overrides=spec.llm_config_overrides.model_dump(
                exclude={"provider", "model"}, exclude_none=True
            ),
            bundle_size_override=overrides.bundle_size_override,
            seed=overrides.seed if overrides.seed is not None else secrets.randbelow(2**53),
            judgements_per_pair=overrides.judgements_per_pair,
            compare_anchors=overrides.compare_anchors,
            money_cap=overrides.money_cap_usd,
            reliability_target=overrides.reliability_target,
            mock=any(judge_queue.is_mock(judge.provider) for judge in judges),
            total_budget=budget,
            completion_denominator=(
                completion_denominator(budget, eligible, overrides.judgements_per_pair)
                if eligible
                else 0
            ),
            warnings=_standing_warnings(judges, resolved),
        )
        _store_essays(batch, assignment, spec.ordered_essays())
    return batch


def _standing_warnings(judges: Sequence[JudgeSpec], mode: ResolvedMode) -> list[dict[str, str]]:
    """What holds from the start, however the batch ends."""
    warnings = []
    if any(judge_queue.is_mock(judge.provider) for judge in judges):
        message = "A simulated judge took part: these results say nothing about the essays."
        warnings.append({"code": "mock_run", "message": message})
    if mode.warning:
        warnings.append({"code": "batching_mode", "message": mode.warning})
    return warnings


def _assignment_of(spec: BatchSpec, owner: AbstractBaseUser | None) -> Assignment:
    """The assignment by its label; one that exists is used as it is, never altered."""
    wanted = {
        "task": spec.task,
        "rubric": spec.rubric,
        "system_prompt": spec.system_prompt,
        "grade_scale": list(spec.grade_scale),
    }
    assignment = Assignment.find(spec.assignment_label, owner)
    created = assignment is None
    if assignment is None:
        assignment = Assignment.objects.create(
            label=spec.assignment_label,
            owner=owner,
            context_origin=spec.context_origin,
            **wanted,
        )
    if not created:
        for field, value in wanted.items():
            if getattr(assignment, field) != value:
                raise BatchRefused(
                    field,
                    f"differs from that of assignment {assignment.label!r}. "
                    "Leave it as it is there, or name another assignment",
                )
    return assignment


def _anchor_of(assignment: Assignment, essay: EssaySpec) -> Anchor:
    anchor, _ = Anchor.objects.get_or_create(
        assignment=assignment,
        name=essay.name,
        defaults={"text": essay.text, "sha256": essay.sha256, "grade": essay.known_grade},
    )
    if (anchor.sha256, anchor.grade) != (essay.sha256, essay.known_grade):
        raise BatchRefused(
            "essays",
            f"anchor {essay.name} of assignment {assignment.label!r} has another text or grade. "
            "Rename the anchor, or name another assignment",
        )
    return anchor


def _store_essays(batch: Batch, assignment: Assignment, essays: Sequence[EssaySpec]) -> None:
    rows = []
    for position, essay in enumerate(essays):
        anchor = _anchor_of(assignment, essay) if essay.role == "anchor" else None
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
            )
        )
    Essay.objects.bulk_create(rows, batch_size=200)
