"""Planning a run: what it takes at most, worked out with the real pairs and the real bundles."""

from dataclasses import dataclass

import numpy as np

from assessment.conf import get_settings
from assessment.dealing import deal
from assessment.lifecycle.creation import (
    resolve_batching,
    resolve_budget,
    resolve_judges,
    resolve_strategy,
)
from assessment.lifecycle.launching import wave_rules
from assessment.lifecycle.requests import Asking, Setting, comparison_requests, judges_of
from assessment.lifecycle.specs import BatchSpec
from assessment.modes import LLMBatchingMode
from assessment.pairing.budgets import completion_denominator, eligible_pairs
from assessment.pairing.plans import next_wave
from assessment.pairing.states import PairingState
from assessment.pairing.waves import WavePlan
from llmprovider.contracts import Document, Instructions
from llmprovider.contracts import queue as judge_queue
from llmprovider.contracts.queue import Estimate


@dataclass(frozen=True)
class RunPlan:
    """Upper bounds of a run: it never takes more comparisons, and may stop sooner."""

    students: int
    anchors: int
    eligible_pairs: int
    total_budget: int
    completion_denominator: int
    mode: LLMBatchingMode
    strategy: str
    judges: list[str]
    first_wave: int
    waves: int
    estimate: Estimate
    warnings: list[str]


def plan_run(spec: BatchSpec) -> RunPlan:
    """Play the waves through to the cap, without judging and without the database.

    Pairs chosen by scores are planned without them, which changes which pairs meet, not how many.
    Raises BatchRefused where the batch could not be created.
    """
    judges = resolve_judges(spec)
    resolved = resolve_batching(spec, judges)
    overrides = spec.batch_config_overrides
    budget = resolve_budget(spec)
    anchors = sum(essay.role == "anchor" for essay in spec.essays)
    n = len(spec.essays)
    eligible = eligible_pairs(n - anchors, anchors, overrides.compare_anchors)
    denominator = completion_denominator(budget, eligible, overrides.judgements_per_pair)
    strategy = resolve_strategy(spec, resolved.mode)
    essays = sorted(spec.essays, key=lambda essay: (essay.role, essay.name))
    state = PairingState(
        n=n,
        is_anchor=np.array([essay.role == "anchor" for essay in essays], dtype=bool),
        first=np.empty(0, dtype=np.int64),
        second=np.empty(0, dtype=np.int64),
        succeeded=np.empty(0, dtype=bool),
        compare_anchors=overrides.compare_anchors,
        judgements_per_pair=overrides.judgements_per_pair,
        balance_positions=get_settings().ENABLE_COMPARISON_POSITION_BALANCING,
    )
    seed, rules = overrides.seed or 0, wave_rules()
    documents = [Document(id=essay.name, text=essay.text) for essay in essays]
    setting = Setting(
        instructions=Instructions(
            system_prompt=spec.system_prompt, task=spec.task, rubric=spec.rubric
        ),
        judges=judges_of(
            [judge.model_dump() for judge in judges],
            spec.llm_config_overrides.model_dump(exclude={"provider", "model"}, exclude_none=True),
        ),
        mode=resolved.mode,
        batch_key="plan",
        bundle_size_override=overrides.bundle_size_override,
    )
    total = judge_queue.NOTHING
    sizes: list[int] = []
    waves_allowed = _most_waves(resolved.mode)
    while sum(sizes) < denominator and len(sizes) < waves_allowed:
        number = len(sizes) + 1
        plan = next_wave(
            state,
            rules,
            mode=resolved.mode,
            strategy=strategy,
            room=budget - sum(sizes),
            seed=seed,
            number=number,
        )
        if not len(plan):
            break
        askings = _askings(plan, documents, len(judges), seed=seed, number=number)
        total += judge_queue.estimate(comparison_requests(askings, setting))
        sizes.append(len(plan))
        state = state.after(plan.pairs)
    return RunPlan(
        students=n - anchors,
        anchors=anchors,
        eligible_pairs=eligible,
        total_budget=budget,
        completion_denominator=denominator,
        mode=resolved.mode,
        strategy=strategy,
        judges=[f"{judge.provider}:{judge.model}" for judge in judges],
        first_wave=sizes[0] if sizes else 0,
        waves=len(sizes),
        estimate=total,
        warnings=[resolved.warning] if resolved.warning else [],
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
