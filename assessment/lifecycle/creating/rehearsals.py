"""Rehearsing a run: its waves up to the last comparison, with real pairs and calls, unjudged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

import numpy as np

from assessment.conf import get_settings
from assessment.intake.forewarnings import CapForecast
from assessment.lifecycle.creating.resolutions import resolve_budget, resolve_strategy
from assessment.lifecycle.creating.specs import BatchSpec, JudgeSpec
from assessment.lifecycle.waves.plans import specified_plan, wave_rules
from assessment.lifecycle.waves.prices import Pricing, likely_usd, sample, wave_askings
from assessment.lifecycle.waves.requests import Setting, comparison_requests, judges_of
from assessment.modes import LLMBatchingMode
from assessment.pairing.budgets import completion_denominator
from assessment.pairing.means import Means
from assessment.pairing.plans import next_wave
from assessment.pairing.states import PairingState, text_numbers
from assessment.pairing.waves import WavePlan
from llmprovider.contracts import BatchFill, Document, Instructions, bills
from llmprovider.contracts.bills import Estimate

# Enough of a run to know what a comparison of it costs.
FORECAST_WAVES = 3


@dataclass(frozen=True)
class RehearsedWave:
    """What a wave would take. cheapest_call: USD that the least call of the first wave can cost at
    most; None in later waves, without a money cap, and where no price is known."""

    estimate: Estimate
    cheapest_call: Decimal | None


def rehearse(
    spec: BatchSpec,
    judges: Sequence[JudgeSpec],
    mode: LLMBatchingMode,
    fill: BatchFill | None = None,
    *,
    sampled: bool = False,
) -> Iterator[RehearsedWave]:
    """The waves of a run that goes on to its last comparison; needs no database.

    sampled: of a large wave estimate some comparisons only, which is quick and tells their price.

    Pairs chosen by scores are planned without them, which changes which pairs meet, not how many.
    A money cap bears on how waves are made (`pairing.means`), with the likely costs of those before
    as spent, but ends nothing here.
    """
    documents = [Document(id=essay.name, text=essay.text) for essay in spec.ordered_essays()]
    setting = setting_for(spec, judges, mode, fill)
    cap, seed = spec.batch_config_overrides.money_cap_usd, spec.batch_config_overrides.seed or 0
    budget, most = resolve_budget(spec), most_comparisons(spec)
    state, planned, spent = _before(spec), 0, Decimal(0)
    for number in range(1, _most_waves(mode) + 1):
        if planned >= most:
            return
        means = None
        if cap is not None and spent < cap:
            means = Means(cap - spent, Pricing(documents, setting, seed, number))
        plan = _wave(spec, mode, state, planned, budget - planned, seed, number, means)
        if not len(plan):
            return
        askings = wave_askings(plan, documents, len(judges), seed=seed, number=number)
        some = sample(askings, seed=seed, number=number) if sampled else askings
        requests = comparison_requests(some, setting)
        estimate = bills.estimate(requests)
        weighed = number == 1 and cap is not None
        yield RehearsedWave(estimate, bills.cheapest_call(requests) if weighed else None)
        spent += (likely_usd(estimate) or Decimal(0)) * len(askings) / len(some)
        planned += len(plan)
        state = state.after(plan.pairs)


def most_comparisons(spec: BatchSpec) -> int:
    """What 100 % of the run is; 0 where nothing can be compared."""
    eligible = possible_pairs(spec)
    if not eligible:
        return 0
    repeats = spec.batch_config_overrides.judgements_per_pair
    return completion_denominator(resolve_budget(spec), eligible, repeats)


def possible_pairs(spec: BatchSpec) -> int:
    """The pairs that may be compared, or how many the caller names."""
    if spec.pairs is not None:
        return len(spec.pairs)
    return spec.eligible_pairs()


def forecast(
    spec: BatchSpec, judges: Sequence[JudgeSpec], mode: LLMBatchingMode
) -> CapForecast | None:
    """What the spec's money cap pays for, by the run's first waves; None without a cap."""
    if spec.batch_config_overrides.money_cap_usd is None:
        return None
    fill = spec.batch_config_overrides.batch_fill
    waves = rehearse(spec, judges, mode, fill, sampled=True)
    return forecast_of(spec, list(islice(waves, FORECAST_WAVES)))


def forecast_of(spec: BatchSpec, waves: Sequence[RehearsedWave]) -> CapForecast | None:
    """The same where waves have been rehearsed already: all, or the first."""
    cap = spec.batch_config_overrides.money_cap_usd
    if cap is None:
        return None
    paid = comparisons_within(cap, [wave.estimate for wave in waves], most_comparisons(spec))
    return CapForecast(cap, paid, waves[0].cheapest_call if waves else None)


def comparisons_within(cap: Decimal, waves: Sequence[Estimate], most: int) -> int | None:
    """About how many of `most` comparisons a cap pays for; None where no price is known.

    At the likely price, but for the last money: a call is made only if its longest answer could be
    paid, so what is less than that goes in calls cut short, which bring about half as much. waves:
    the first at least; what comes after them costs as much as the last.
    """
    made, left, each = 0, cap, Decimal(0)
    longest = [wave.costs.at_most / wave.calls for wave in waves if wave.costs.at_most is not None]
    left -= min([cap, *longest]) / 2
    for wave in waves:
        likely = likely_usd(wave)
        if likely is None:
            return None
        each = likely / wave.comparisons
        if likely > left:
            return made + int(left / each)
        made, left = made + wave.comparisons, left - likely
    return min(most, made + int(left / each)) if each else most


def _wave(
    spec: BatchSpec,
    mode: LLMBatchingMode,
    state: PairingState,
    planned: int,
    room: int,
    seed: int,
    number: int,
    means: Means | None,
) -> WavePlan:
    pairs = spec.pair_positions()
    if pairs is not None:
        return specified_plan(pairs, mode, planned, room)
    return next_wave(
        state,
        wave_rules(),
        mode=mode,
        strategy=resolve_strategy(spec, mode),
        room=room,
        seed=seed,
        number=number,
        means=means,
    )


def _before(spec: BatchSpec) -> PairingState:
    """The state before the first wave."""
    overrides = spec.batch_config_overrides
    essays = spec.ordered_essays()
    is_anchor = np.array([essay.role == "anchor" for essay in essays], dtype=bool)
    return PairingState(
        n=len(is_anchor),
        is_anchor=is_anchor,
        first=np.empty(0, dtype=np.int64),
        second=np.empty(0, dtype=np.int64),
        succeeded=np.empty(0, dtype=bool),
        compare_anchors=overrides.compare_anchors,
        judgements_per_pair=overrides.judgements_per_pair,
        balance_positions=get_settings().ENABLE_COMPARISON_POSITION_BALANCING,
        texts=text_numbers([essay.sha256 for essay in essays]),
    )


def setting_for(
    spec: BatchSpec, judges: Sequence[JudgeSpec], mode: LLMBatchingMode, fill: BatchFill | None
) -> Setting:
    """What the comparisons of such a run have in common."""
    return Setting(
        instructions=Instructions(
            system_prompt=spec.system_prompt, task=spec.task, rubric=spec.rubric
        ),
        judges=judges_of(
            [judge.stored() for judge in judges],
            spec.llm_config_overrides.model_dump(exclude={"provider", "model"}, exclude_none=True),
        ),
        mode=mode,
        batch_key="rehearsal",
        bundle_size_override=spec.batch_config_overrides.bundle_size_override,
        batch_fill=fill,
    )


def _most_waves(mode: LLMBatchingMode) -> int:
    settings = get_settings()
    if mode is LLMBatchingMode.PROVIDER_BATCH_API or not settings.ENABLE_ITERATIVE_BATCHING_LOOP:
        return 1
    return settings.MAX_ITERATIONS
