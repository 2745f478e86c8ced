"""The registry of known models: what each accepts, and why a call to one would be refused.

Pure. A model that the registry does not know may still be used: the vendors add models faster than
this table. What it knows to be wrong is refused before anything is stored.
"""

import re
from datetime import date
from typing import Final, NamedTuple

from llmprovider.contracts.comparisons import Overrides
from llmprovider.contracts.known_models import (
    KNOWN_MODELS,
    MOCK_MODEL,
    NOT_FOR_TEXT,
    SHUT_DOWN,
    Api,
    KnownModel,
)
from llmprovider.prompting.tokens import max_output_tokens

__all__ = [
    "Api",
    "KnownModel",
    "answer_tokens",
    "known_model",
    "likely_reasoning_tokens",
    "model_problem",
    "most_comparisons",
    "override_problem",
    "refused_override",
]

_SNAPSHOT: Final = re.compile(r"[-@](\d{8}|\d{4}-\d{2}-\d{2})$")


class Reasoning(NamedTuple):
    """Tokens of reasoning at one effort. Set aside `once` per call and for `each` comparison:
    generous, since what is not used is not billed and an answer cut off is. `likely`: what a
    comparison takes."""

    once: int
    each: int
    likely: int


# By hand, and the least certain figures of a plan: docs/costs.md says what they rest on.
_REASONING: Final = {
    "none": Reasoning(0, 0, 0),
    "minimal": Reasoning(512, 50, 12),
    "low": Reasoning(1_024, 150, 40),
    "medium": Reasoning(4_096, 500, 125),
    "high": Reasoning(8_192, 1_200, 300),
    "xhigh": Reasoning(16_384, 2_500, 625),
    "max": Reasoning(32_768, 5_000, 1_250),
}


def known_model(provider: str, model: str) -> KnownModel | None:
    """What is known of a model, by its name or a dated snapshot's; None where nothing is."""
    if provider == MOCK_MODEL.provider:
        return MOCK_MODEL
    return KNOWN_MODELS.get((provider, model)) or KNOWN_MODELS.get((provider, _family(model)))


def _family(model: str) -> str:
    return _SNAPSHOT.sub("", model)


def model_problem(provider: str, model: str, today: date) -> str | None:
    """Why no call to this model can succeed, with the remedy; None where none is known."""
    for name in (model, _family(model)):
        if day := SHUT_DOWN.get((provider, name)):
            return f"{provider} shut {model} down on {day}. Use one of: {_current(provider, today)}"
    known = known_model(provider, model)
    if known is not None:
        if known.retires is not None and known.retires < today:
            return (
                f"{provider} shut {model} down on {known.retires}. "
                f"Use one of: {_current(provider, today)}"
            )
        return None
    if provider == "openai" and any(part in model for part in NOT_FOR_TEXT):
        return f"{model} cannot write verdicts. Use one of: {_current(provider, today)}"
    for other, name in KNOWN_MODELS:
        if other != provider and name == _family(model) and provider in ("anthropic", "openai"):
            return f"{model} is a model of {other}. Use {other}:{model}"
    return None


def _current(provider: str, today: date) -> str:
    """The first few models in use, newest first."""
    names = [
        known.model
        for known in KNOWN_MODELS.values()
        if known.provider == provider and (known.retires is None or known.retires >= today)
    ]
    return ", ".join(names[:4]) + ", ..." if len(names) > 4 else ", ".join(names)


def override_problem(overrides: Overrides) -> str | None:
    """What the judge would not honour, naming the parameter and the remedy; None if nothing."""
    refused = refused_override(overrides)
    return None if refused is None else ": ".join(refused)


def refused_override(overrides: Overrides) -> tuple[str, str] | None:
    """(field, problem with its remedy) of the first parameter that the judge does not take."""
    known = known_model(overrides.provider, overrides.model)
    who = f"{overrides.provider}:{overrides.model}"
    problems = {
        "reasoning_effort": _choice_problem(
            overrides.reasoning_effort, known.reasoning_efforts if known else None, who, "effort"
        ),
        "temperature": _temperature_problem(overrides, known, who),
        "output_verbosity": _choice_problem(
            overrides.output_verbosity, _verbosities(overrides, known), who, "verbosity"
        ),
        "max_tokens": _max_tokens_problem(overrides, known, who),
    }
    return next(((field, problem) for field, problem in problems.items() if problem), None)


def _temperature_problem(overrides: Overrides, known: KnownModel | None, who: str) -> str | None:
    asked = overrides.temperature
    if asked is None:
        return None
    if overrides.provider == "anthropic":
        # The API version of the installed SDK refuses it for every model.
        return f"{who} takes none (Anthropic's API refuses it). Leave it out"
    if known is None:
        return None
    if not known.temperature:
        return f"{who} takes none. Leave it out"
    if asked > known.highest_temperature:
        allowed = "only 0" if not known.highest_temperature else f"0 to {known.highest_temperature}"
        return f"{who} takes {allowed}. Leave it out or change it"
    if _effort(known, overrides) not in ("", "none"):
        return f"{who} takes none while it reasons. Leave it out, or set reasoning_effort to none"
    return None


def _verbosities(overrides: Overrides, known: KnownModel | None) -> tuple[str, ...] | None:
    if overrides.provider == "anthropic":
        return ()  # the API has no such parameter
    return known.verbosities if known else None


def _choice_problem(
    asked: str | None, allowed: tuple[str, ...] | None, who: str, what: str
) -> str | None:
    """`allowed` None: not known, so left for the vendor to judge."""
    if asked is None or allowed is None or asked in allowed:
        return None
    if not allowed:
        return f"{who} takes no {what}. Leave it out"
    return f"{who} does not take {asked[:20]!r}. Use one of: {', '.join(allowed)}"


def _max_tokens_problem(overrides: Overrides, known: KnownModel | None, who: str) -> str | None:
    if overrides.max_tokens is None or known is None:
        return None
    if overrides.max_tokens > known.max_output_tokens:
        return (
            f"{who} writes at most {known.max_output_tokens:,} tokens in one call. "
            "Ask for fewer, or leave it out"
        )
    return None


def _effort(known: KnownModel | None, overrides: Overrides) -> str:
    """The effort a call is made with; empty where the model does not reason."""
    return overrides.reasoning_effort or (known.default_effort if known else "medium")


def answer_tokens(known: KnownModel | None, overrides: Overrides, items: int) -> int:
    """`max_tokens` of a call with that many comparisons.

    The caller's own limit as it was given; else what the longest answer allowed can need, and room
    for reasoning beside it where the model reasons, within what the model can write.
    """
    if overrides.max_tokens is not None:
        return overrides.max_tokens
    tokens = max_output_tokens(items) + _reasoning_room(known, overrides, items)
    return min(tokens, known.max_output_tokens) if known else tokens


def most_comparisons(known: KnownModel | None, overrides: Overrides, limit: int) -> int:
    """How many comparisons, from 1 to `limit`, one answer can hold without being cut off.

    By the caller's own limit of tokens, else by the model's.
    """
    most = overrides.max_tokens or (known.max_output_tokens if known else None)
    if most is None:
        return limit
    fits = (
        items
        for items in range(limit, 1, -1)
        if max_output_tokens(items) + _reasoning_room(known, overrides, items) <= most
    )
    return next(fits, 1)


def _reasoning_room(known: KnownModel | None, overrides: Overrides, items: int) -> int:
    reasoning = _reasoning(known, overrides)
    return reasoning.once + reasoning.each * items


def _reasoning(known: KnownModel | None, overrides: Overrides) -> Reasoning:
    if known is not None and not known.default_effort:
        return _REASONING["none"]
    return _REASONING.get(_effort(known, overrides), _REASONING["medium"])


def likely_reasoning_tokens(overrides: Overrides, items: int) -> int:
    """What a call with that many comparisons likely uses for reasoning, as billed; not a bound.

    0 for a model that does not reason. A model that nobody knows is taken to reason.
    """
    known = known_model(overrides.provider, overrides.model)
    return _reasoning(known, overrides).likely * items
