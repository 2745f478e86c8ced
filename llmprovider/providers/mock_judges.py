"""Defining mock judges: simulated judges that every worker process can read from the database."""

import hashlib
import json
import math
import re
from collections.abc import Mapping

from llmprovider.models import MockJudge

DEFAULT_MODEL = "latent-quality"
DEFAULT_SEED = 0
DEFAULT_SLOPE = 4.0
DEFAULT_POSITION_BIAS = 0.0

_SHA256 = re.compile(r"[0-9a-f]{64}")


def define_mock_judge(
    *,
    seed: int = DEFAULT_SEED,
    slope: float = DEFAULT_SLOPE,
    position_bias: float = DEFAULT_POSITION_BIAS,
    truth: Mapping[str, float] | None = None,
) -> str:
    """The model name of the mock judge with these parameters, stored if it is new.

    `slope` is in logits per grade step, `position_bias` in logits for the text named first,
    `truth` maps the sha256 of a text to its quality in grade steps (None: judge by features of the
    text). The name follows from the parameters, so defining a judge twice, or in two processes at
    once, gives one row. Raises ValueError for a number that is not finite, a key that is not a
    sha256, or an empty truth.
    """
    slope, position_bias = _finite("slope", slope), _finite("position bias", position_bias)
    table = None if truth is None else _table(truth)
    parameters = {
        "seed": seed,
        "slope": slope,
        "position_bias": position_bias,
        "truth": table,
    }
    model = _name(parameters)
    MockJudge.objects.get_or_create(model=model, defaults=parameters)
    return model


def default_judge() -> MockJudge:
    """The judge behind `latent-quality`, as an unsaved row."""
    return MockJudge(
        model=DEFAULT_MODEL,
        seed=DEFAULT_SEED,
        slope=DEFAULT_SLOPE,
        position_bias=DEFAULT_POSITION_BIAS,
        truth=None,
    )


def _name(parameters: Mapping[str, object]) -> str:
    default = default_judge()
    if all(getattr(default, name) == value for name, value in parameters.items()):
        return DEFAULT_MODEL
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    return f"{DEFAULT_MODEL}-{digest[:8]}"


def _table(truth: Mapping[str, float]) -> dict[str, float]:
    if not truth:
        raise ValueError("the truth table is empty")
    if not all(_SHA256.fullmatch(sha) for sha in truth):
        raise ValueError("the truth table has a key that is not a sha256 in lower case")
    return {sha: _finite("quality", quality) for sha, quality in sorted(truth.items())}


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"the {name} must be a finite number")
    # Without the sum, -0.0 and 0.0 would be two judges.
    return float(value) + 0.0


def has_mock_judge(model: str) -> bool:
    """Whether a batch may name this mock judge."""
    return model == DEFAULT_MODEL or MockJudge.objects.filter(model=model).exists()
