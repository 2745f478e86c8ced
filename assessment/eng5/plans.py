"""Planning a run: what it takes in each mode, worked out with the real pairs and bundles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from assessment.conf import get_settings
from assessment.dealing import deal
from assessment.lifecycle.costs import no_call_fits
from assessment.lifecycle.requests import Asking, Setting, comparison_requests, judges_of
from assessment.lifecycle.resolutions import (
    resolve_batching,
    resolve_budget,
    resolve_judges,
    resolve_strategy,
)
from assessment.lifecycle.specs import BatchSpec, EssaySpec, JudgeSpec
from assessment.lifecycle.wave_plans import wave_rules
from assessment.modes import LLMBatchingMode
from assessment.pairing.budgets import completion_denominator, eligible_pairs
from assessment.pairing.plans import next_wave
from assessment.pairing.states import PairingState
from assessment.pairing.waves import WavePlan
from llmprovider.contracts import BatchFill, Document, Instructions
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.queue import Estimate


@dataclass(frozen=True)
class ModePlan:
    """What a run takes in one mode, if it goes on to its last comparison.

    fill: what a request of a provider's batch job holds; None in the live modes. jobs: how many
    such jobs there are, 0 in the live modes. cheapest_call: USD that the least call of the first
    wave can cost at most; None where there is no money cap, or no price.
    """

    mode: LLMBatchingMode
    fill: BatchFill | None
    strategy: str
    first_wave: int
    waves: int
    estimate: Estimate
    cheapest_call: Decimal | None


@dataclass(frozen=True)
class RunPlan:
    """What a run takes: it never takes more comparisons, and may stop sooner.

    `own`: in its own mode; `modes`: in every mode that is open to it.
    """

    students: int
    anchors: int
    eligible_pairs: int
    total_budget: int
    completion_denominator: int
    judges: list[str]
    money_cap: Decimal | None
    own: ModePlan
    modes: list[ModePlan]
    warnings: list[str]


def plan_run(spec: BatchSpec, *, compare: bool = True) -> RunPlan:
    """Play the waves through to the cap, without judging and without the database.

    Pairs chosen by scores are planned without them, which changes which pairs meet, not how many.
    `compare`: plan the other modes as well. Raises BatchRefused where the batch could not be
    created.
    """
    judges = resolve_judges(spec)
    resolved = resolve_batching(spec, judges)
    anchors = sum(essay.role == "anchor" for essay in spec.essays)
    overrides, budget = spec.batch_config_overrides, resolve_budget(spec)
    eligible = eligible_pairs(len(spec.essays) - anchors, anchors, overrides.compare_anchors)
    own_way = (resolved.mode, _fill(spec, resolved.mode))
    own = _plan_mode(spec, judges, *own_way)
    modes = [own]
    if compare:
        modes = [
            own if way == own_way else _plan_mode(spec, judges, *way)
            for way in _ways()
            if way == own_way or _open_to(spec, judges, way[0])
        ]
    return RunPlan(
        students=len(spec.essays) - anchors,
        anchors=anchors,
        eligible_pairs=eligible,
        total_budget=budget,
        completion_denominator=completion_denominator(
            budget, eligible, overrides.judgements_per_pair
        ),
        judges=[f"{judge.provider}:{judge.model}" for judge in judges],
        money_cap=overrides.money_cap_usd,
        own=own,
        modes=modes,
        warnings=_warnings(overrides.money_cap_usd, own, resolved.warning),
    )


def _warnings(cap: Decimal | None, own: ModePlan, warning: str | None) -> list[str]:
    found = [warning] if warning else []
    if cap is not None and own.cheapest_call is not None and own.cheapest_call > cap:
        found.append(f"Nothing will be judged: {no_call_fits(cap, own.cheapest_call)}.")
    return found


def _ways() -> Iterator[tuple[LLMBatchingMode, BatchFill | None]]:
    """Every mode, and the two ways in which a provider's batch job can be filled."""
    yield LLMBatchingMode.PER_REQUEST, None
    yield LLMBatchingMode.SERIAL_BUNDLE, None
    for fill in BatchFill if judge_queue.makes_jobs() else (None,):
        yield LLMBatchingMode.PROVIDER_BATCH_API, fill


def _fill(spec: BatchSpec, mode: LLMBatchingMode) -> BatchFill | None:
    if mode is not LLMBatchingMode.PROVIDER_BATCH_API or not judge_queue.makes_jobs():
        return None
    return judge_queue.batch_fill(spec.batch_config_overrides.batch_fill)


def _open_to(spec: BatchSpec, judges: Sequence[JudgeSpec], mode: LLMBatchingMode) -> bool:
    overrides = spec.batch_config_overrides.model_copy(
        update={"llm_batching_mode_override": mode, "batch_fill": None}
    )
    asked = spec.model_copy(update={"batch_config_overrides": overrides})
    return resolve_batching(asked, judges).mode is mode


def _plan_mode(
    spec: BatchSpec,
    judges: Sequence[JudgeSpec],
    mode: LLMBatchingMode,
    fill: BatchFill | None,
) -> ModePlan:
    overrides = spec.batch_config_overrides
    strategy = resolve_strategy(spec, mode)
    documents = [Document(id=essay.name, text=essay.text) for essay in _in_order(spec)]
    setting = _setting(spec, judges, mode, fill)
    seed = overrides.seed or 0
    total, cheapest = judge_queue.NOTHING, None
    sizes: list[int] = []
    for plan in _waves(spec, mode, strategy, seed):
        askings = _askings(plan, documents, len(judges), seed=seed, number=len(sizes) + 1)
        requests = comparison_requests(askings, setting)
        if not sizes and overrides.money_cap_usd is not None:
            cheapest = judge_queue.cheapest_call(requests)
        total += judge_queue.estimate(requests)
        sizes.append(len(plan))
    return ModePlan(
        mode=mode,
        fill=fill,
        strategy=strategy,
        first_wave=sizes[0] if sizes else 0,
        waves=len(sizes),
        estimate=total,
        cheapest_call=cheapest,
    )


def _in_order(spec: BatchSpec) -> list[EssaySpec]:
    return sorted(spec.essays, key=lambda essay: (essay.role, essay.name))


def _waves(spec: BatchSpec, mode: LLMBatchingMode, strategy: str, seed: int) -> Iterator[WavePlan]:
    """The waves of a run that goes on to its last comparison, pair by pair."""
    overrides, budget = spec.batch_config_overrides, resolve_budget(spec)
    essays = _in_order(spec)
    is_anchor = np.array([essay.role == "anchor" for essay in essays], dtype=bool)
    anchors = int(is_anchor.sum())
    eligible = eligible_pairs(len(essays) - anchors, anchors, overrides.compare_anchors)
    denominator = completion_denominator(budget, eligible, overrides.judgements_per_pair)
    state = PairingState(
        n=len(essays),
        is_anchor=is_anchor,
        first=np.empty(0, dtype=np.int64),
        second=np.empty(0, dtype=np.int64),
        succeeded=np.empty(0, dtype=bool),
        compare_anchors=overrides.compare_anchors,
        judgements_per_pair=overrides.judgements_per_pair,
        balance_positions=get_settings().ENABLE_COMPARISON_POSITION_BALANCING,
    )
    rules, planned = wave_rules(), 0
    for number in range(1, _most_waves(mode) + 1):
        if planned >= denominator:
            return
        room = budget - planned
        plan = next_wave(
            state, rules, mode=mode, strategy=strategy, room=room, seed=seed, number=number
        )
        if not len(plan):
            return
        yield plan
        planned += len(plan)
        state = state.after(plan.pairs)


def _setting(
    spec: BatchSpec, judges: Sequence[JudgeSpec], mode: LLMBatchingMode, fill: BatchFill | None
) -> Setting:
    return Setting(
        instructions=Instructions(
            system_prompt=spec.system_prompt, task=spec.task, rubric=spec.rubric
        ),
        judges=judges_of(
            [judge.stored() for judge in judges],
            spec.llm_config_overrides.model_dump(exclude={"provider", "model"}, exclude_none=True),
        ),
        mode=mode,
        batch_key="plan",
        bundle_size_override=spec.batch_config_overrides.bundle_size_override,
        batch_fill=fill,
    )


def _most_waves(mode: LLMBatchingMode) -> int:
    settings = get_settings()
    if mode is LLMBatchingMode.PROVIDER_BATCH_API or not settings.ENABLE_ITERATIVE_BATCHING_LOOP:
        return 1
    return settings.MAX_ITERATIONS


def _askings(
    plan: WavePlan, documents: list[Document], judges: int, *, seed: int, number: int
) -> list[Asking]:
    groups = plan.groups.tolist()
    dealt = deal(groups, judges, seed=seed, wave=number)
    return [
        Asking(
            first=documents[first],
            second=documents[second],
            judge=judge,
            group=str(group) if group >= 0 else None,
        )
        for (first, second), group, judge in zip(plan.pairs.tolist(), groups, dealt, strict=True)
    ]
