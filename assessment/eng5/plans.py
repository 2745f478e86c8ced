"""Planning a run: what it takes at most, worked out with the real pairs and the real bundles."""

from dataclasses import dataclass
from uuid import uuid4

import numpy as np

from assessment.conf import get_settings
from assessment.dealing import deal
from assessment.lifecycle.creation import (
    BatchSpec,
    resolve_batching,
    resolve_budget,
    resolve_judges,
    resolve_strategy,
)
from assessment.lifecycle.launching import plan_wave_of
from assessment.lifecycle.messages import RECORD_RESULTS
from assessment.modes import QUEUE_MODES, LLMBatchingMode
from assessment.pairing.budgets import completion_denominator, eligible_pairs
from assessment.pairing.states import PairingState
from assessment.pairing.waves import WavePlan
from llmprovider.contracts import (
    MAX_BUNDLE_SIZE,
    ComparisonRequest,
    Document,
    Instructions,
    Overrides,
)
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
    seed = overrides.seed or 0
    documents = [Document(id=essay.name, text=essay.text) for essay in essays]
    builder = _RequestBuilder(spec, resolved.mode, documents, [j.model_dump() for j in judges])
    total = judge_queue.NOTHING
    sizes: list[int] = []
    waves_allowed = _most_waves(resolved.mode)
    while sum(sizes) < denominator and len(sizes) < waves_allowed:
        number = len(sizes) + 1
        plan = plan_wave_of(
            state,
            mode=resolved.mode,
            strategy=strategy,
            room=budget - sum(sizes),
            seed=seed,
            number=number,
        )
        if not len(plan):
            break
        total += judge_queue.estimate(builder.requests(plan, seed, number))
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


class _RequestBuilder:
    """The requests that a wave would put into the queue."""

    def __init__(
        self,
        spec: BatchSpec,
        mode: LLMBatchingMode,
        documents: list[Document],
        judges: list[dict[str, str]],
    ) -> None:
        self._documents = documents
        self._mode = mode
        self._instructions = Instructions(
            system_prompt=spec.system_prompt, task=spec.task, rubric=spec.rubric
        )
        shared = spec.llm_config_overrides.model_dump(
            exclude={"provider", "model"}, exclude_none=True
        )
        self._judges = [Overrides.model_validate({**judge, **shared}) for judge in judges]
        self._override = spec.batch_config_overrides.bundle_size_override

    def requests(self, plan: WavePlan, seed: int, number: int) -> list[ComparisonRequest]:
        groups = plan.groups.tolist()
        dealt = deal(groups, len(self._judges), seed=seed, wave=number)
        return [
            ComparisonRequest(
                correlation_id=uuid4(),
                first=self._documents[first],
                second=self._documents[second],
                instructions=self._instructions,
                overrides=self._judges[judge],
                on_results=RECORD_RESULTS,
                queue_mode=QUEUE_MODES[self._mode],
                bundle_limit=self._override or min(len(plan), MAX_BUNDLE_SIZE),
                bundle_group=str(group) if group >= 0 else None,
                batch_key="plan",
            )
            for (first, second), group, judge in zip(
                plan.pairs.tolist(), groups, dealt, strict=True
            )
        ]
