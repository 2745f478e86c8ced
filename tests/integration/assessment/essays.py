"""Batches for tests: synthetic essays whose order the mock judge knows."""

import hashlib
from typing import Any

from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.creating.specs import (
    BatchConfigOverrides,
    BatchSpec,
    EssaySpec,
    JudgeSpec,
)
from assessment.models import Batch
from llmprovider.contracts import judging

SCALE = ("F", "E", "D", "C", "B", "A")


def essay(number: int, role: str = "student", grade: str = "") -> EssaySpec:
    """A text of its own; higher numbers are better in `truth`."""
    text = f"Text {role} {number}. " + "A sentence about schools. " * 12
    return EssaySpec(
        name=f"{role}_{number:03d}",
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        role=role,
        known_grade=grade,
    )


def spec(
    students: int = 8, anchors: int = 0, *, slope: float = 4.0, bias: float = 0.0, **changes: Any
) -> BatchSpec:
    """A batch of `students` and up to six `anchors` judged by a mock that knows their order.

    Overrides of the batch (seed, mode, judgements_per_pair, ...) go into `overrides`.
    """
    essays = [essay(number) for number in range(students)]
    essays += [essay(number, "anchor", SCALE[number]) for number in range(anchors)]
    truth = {
        one.sha256: float(one.name[-3:]) * (6 / max(students, 1) if one.role == "student" else 1)
        for one in essays
    }
    model = judging.define_mock_judge(slope=slope, position_bias=bias, truth=truth)
    overrides = {"seed": 7, **changes.pop("overrides", {})}
    return BatchSpec(
        assignment_label="test",
        task="Write about schools.",
        rubric="Better arguments are better.",
        grade_scale=SCALE,
        essays=tuple(essays),
        judges=changes.pop("judges", (JudgeSpec(provider="mock", model=model),)),
        cj_source="test",
        batch_config_overrides=BatchConfigOverrides.model_validate(overrides),
        **changes,
    )


def batch(students: int = 8, anchors: int = 0, **changes: Any) -> Batch:
    """A stored batch, not started."""
    return create_batch(spec(students, anchors, **changes))
