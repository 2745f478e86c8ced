"""What a spec means under the settings in force: judges, budget, mode, strategy."""

from collections.abc import Sequence

from assessment.conf import get_settings
from assessment.lifecycle.creating.specs import (
    BatchRefused,
    BatchSpec,
    JudgeSpec,
    LLMConfigOverrides,
)
from assessment.modes import LLMBatchingMode, LLMBatchingStrategy, ResolvedMode, resolve_mode
from assessment.pairing.budgets import FEWEST_COMPARISONS
from llmprovider.contracts import Overrides, bills, judging
from llmprovider.contracts.models import refused_override


def resolve_judges(spec: BatchSpec, *, keyless: bool = False) -> list[JudgeSpec]:
    """The judges of a batch: its own, else its overrides', else the settings'. Never a default.

    keyless: nobody will be asked, so keys and addresses may be missing here. Raises BatchRefused
    where none is named or one cannot be used here.
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
        judge.model_copy(update={"model": judge.model or judging.default_model(judge.provider)})
        for judge in judges
    ]
    for judge in resolved:
        check = judging.choice_problem if keyless else judging.judge_problem
        problem = check(judge.provider, judge.model)
        if problem:
            raise BatchRefused("judges", problem)
    if len({(judge.provider, judge.model) for judge in resolved}) != len(resolved):
        raise BatchRefused("judges", "one judge is named twice")
    _check_overrides(resolved, spec.llm_config_overrides)
    _check_prices(resolved, capped=spec.batch_config_overrides.money_cap_usd is not None)
    return resolved


def _check_overrides(judges: Sequence[JudgeSpec], asked: LLMConfigOverrides) -> None:
    """What one of the judges does not take is refused, since it would not be honoured."""
    parameters = asked.model_dump(exclude={"provider", "model"}, exclude_none=True)
    for judge in judges:
        overrides = Overrides(provider=judge.provider, model=judge.model, **parameters)
        if refused := refused_override(overrides):
            raise BatchRefused(*refused)


def _check_prices(judges: Sequence[JudgeSpec], *, capped: bool) -> None:
    """Under a money cap every price must be known, or the cap could not hold."""
    for judge in judges:
        if judge.price is not None and judging.is_mock(judge.provider):
            raise BatchRefused("judges", "the mock judge costs nothing. Leave its price out")
        unpriced = judge.price is None and not bills.has_price(judge.provider, judge.model)
        if capped and unpriced:
            raise BatchRefused(
                "money_cap_usd",
                f"no price is known for {judge.provider} {judge.model}. Give the judge one, or "
                "leave the cap out",
            )


def resolve_budget(spec: BatchSpec) -> int:
    """Most comparisons of the batch. Raises BatchRefused outside the fewest..the ceiling."""
    settings = get_settings()
    # Of pairs that the caller names, one may be all that is wanted.
    fewest = FEWEST_COMPARISONS if spec.pairs is None else 1
    asked = spec.max_comparisons_override
    if asked is None:
        return settings.MAX_PAIRWISE_COMPARISONS
    if not fewest <= asked <= settings.MAX_COMPARISONS_CEILING:
        raise BatchRefused(
            "max_comparisons_override",
            f"{asked} is outside {fewest} to {settings.MAX_COMPARISONS_CEILING}",
        )
    return asked


def resolve_batching(spec: BatchSpec, judges: Sequence[JudgeSpec]) -> ResolvedMode:
    """The mode in force. Raises BatchRefused for settings that it would not honour."""
    settings = get_settings()
    overrides = spec.batch_config_overrides
    asked = overrides.llm_batching_mode_override
    strategy = settings.LLM_BATCHING_STRATEGY
    if overrides.bundle_size_override and strategy is not LLMBatchingStrategy.SERIAL_OVERRIDE:
        raise BatchRefused(
            "bundle_size_override",
            "works only with CJ_ASSESSMENT_SERVICE_LLM_BATCHING_STRATEGY=serial_override",
        )
    wanted = asked if asked is not None else settings.LLM_BATCHING_MODE
    if overrides.batch_fill and wanted is not LLMBatchingMode.PROVIDER_BATCH_API:
        raise BatchRefused(
            "batch_fill", f"says what a provider's batch job holds; {wanted.value} makes none"
        )
    resolved = resolve_mode(
        asked,
        settings.LLM_BATCHING_MODE,
        [(judge.provider, judge.model) for judge in judges],
        settings.LLM_BATCH_API_ALLOWED_PROVIDERS,
        judging.batch_problem,
    )
    if resolved.mode is LLMBatchingMode.PROVIDER_BATCH_API and not judging.makes_jobs():
        return ResolvedMode(
            resolved.mode,
            "provider_batch_api judges everything in one wave, but batch jobs are switched off: it "
            "goes through the live queue, at live prices "
            "(LLM_PROVIDER_SERVICE_BATCH_API_MODE=disabled).",
        )
    return resolved


def resolve_strategy(spec: BatchSpec, mode: LLMBatchingMode) -> str:
    """The caller's pairs, if any; blocks where a call holds many texts once; else single pairs."""
    if spec.pairs is not None:
        return "specified"
    named = spec.batch_config_overrides.pairing_strategy
    return named or ("blocks" if mode is LLMBatchingMode.SERIAL_BUNDLE else "balanced")
