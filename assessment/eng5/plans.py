"""Planning a run: what it takes in each mode, worked out with the real pairs and bundles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from assessment.intake.forewarnings import CapForecast, forewarnings
from assessment.lifecycle.creating.judge_addresses import address_warnings
from assessment.lifecycle.creating.rehearsals import (
    forecast_of,
    most_comparisons,
    possible_pairs,
    rehearse,
)
from assessment.lifecycle.creating.resolutions import (
    resolve_batching,
    resolve_budget,
    resolve_judges,
    resolve_strategy,
)
from assessment.lifecycle.creating.specs import BatchSpec, JudgeSpec
from assessment.modes import LLMBatchingMode
from llmprovider.contracts import BatchFill, bills, judging
from llmprovider.contracts.bills import Estimate


@dataclass(frozen=True)
class ModePlan:
    """What a run takes in one mode, if it goes on to its last comparison.

    fill: what a request of a provider's batch job holds; None in the live modes. jobs: how many
    such jobs there are, 0 in the live modes. money: what a money cap pays for; None without one.
    """

    mode: LLMBatchingMode
    fill: BatchFill | None
    strategy: str
    first_wave: int
    waves: int
    estimate: Estimate
    money: CapForecast | None


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
    warnings: list[dict[str, str]]


def plan_run(spec: BatchSpec, *, compare: bool = True, keyless: bool = False) -> RunPlan:
    """Play the waves through to the cap, without judging and without the database.

    `compare`: plan the other modes as well. `keyless`: a judge without a key in this environment
    is a warning. Raises BatchRefused where the batch could not be created.
    """
    judges = resolve_judges(spec, keyless=keyless)
    resolved = resolve_batching(spec, judges)
    anchors = sum(essay.role == "anchor" for essay in spec.essays)
    own_way = (resolved.mode, _fill(spec, resolved.mode))
    own = _plan_mode(spec, judges, *own_way)
    modes = [own]
    if compare:
        modes = [
            own if way == own_way else _plan_mode(spec, judges, *way)
            for way in _ways()
            if way == own_way or _open_to(spec, judges, way[0])
        ]
    most = most_comparisons(spec)
    found = forewarnings(
        spec.ordered_essays(), comparisons=most, pairs=spec.pair_positions(), money=own.money
    )
    return RunPlan(
        students=len(spec.essays) - anchors,
        anchors=anchors,
        eligible_pairs=possible_pairs(spec),
        total_budget=resolve_budget(spec),
        completion_denominator=most,
        judges=[f"{judge.provider}:{judge.model}" for judge in judges],
        money_cap=spec.batch_config_overrides.money_cap_usd,
        own=own,
        modes=modes,
        warnings=[
            *([{"code": "batching_mode", "message": resolved.warning}] if resolved.warning else []),
            *_without_key(judges),
            *address_warnings(judges),
            *found,
        ],
    )


def _without_key(judges: Sequence[JudgeSpec]) -> list[dict[str, str]]:
    """What is missing here that judging needs and planning does not."""
    problems = {judging.environment_problem(judge.provider) for judge in judges}
    return [
        {"code": "no_key", "message": f"Nothing can be judged yet: {problem}."}
        for problem in sorted(filter(None, problems))
    ]


def _ways() -> Iterator[tuple[LLMBatchingMode, BatchFill | None]]:
    """Every mode, and the two ways in which a provider's batch job can be filled."""
    yield LLMBatchingMode.PER_REQUEST, None
    yield LLMBatchingMode.SERIAL_BUNDLE, None
    for fill in BatchFill if judging.makes_jobs() else (None,):
        yield LLMBatchingMode.PROVIDER_BATCH_API, fill


def _fill(spec: BatchSpec, mode: LLMBatchingMode) -> BatchFill | None:
    if mode is not LLMBatchingMode.PROVIDER_BATCH_API or not judging.makes_jobs():
        return None
    return judging.batch_fill(spec.batch_config_overrides.batch_fill)


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
    waves = list(rehearse(spec, judges, mode, fill))
    return ModePlan(
        mode=mode,
        fill=fill,
        strategy=resolve_strategy(spec, mode),
        first_wave=waves[0].estimate.comparisons if waves else 0,
        waves=len(waves),
        estimate=sum((wave.estimate for wave in waves), bills.NOTHING),
        money=forecast_of(spec, waves),
    )
