"""From the command line to a batch: every file read and checked before anything is stored."""

import hashlib
import math
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assessment.eng5.bad_options import BadOption
from assessment.eng5.judge_prices import judge_prices
from assessment.intake import (
    EssayFile,
    InputError,
    InputErrors,
    grades_for,
    read_folders,
    read_text,
    read_truth,
)
from assessment.intake.gradings import student_grades
from assessment.lifecycle.creating.creation import check_essays
from assessment.lifecycle.creating.resolutions import resolve_judges
from assessment.lifecycle.creating.specs import (
    BatchConfigOverrides,
    BatchSpec,
    EssaySpec,
    JudgeSpec,
    LLMConfigOverrides,
)
from assessment.measurement.scales import parse_scale
from assessment.modes import LLMBatchingMode
from llmprovider.contracts import BatchFill, judging

SOURCE = "eng5_runner"
MOCK = "mock"


@dataclass(frozen=True)
class MockJudgeSpec:
    """A simulated judge to be defined when the batch is created."""

    seed: int
    slope: float
    position_bias: float
    truth: dict[str, float] | None

    def define(self) -> str:
        """Store the judge; returns its model name."""
        return judging.define_mock_judge(
            seed=self.seed,
            slope=self.slope,
            position_bias=self.position_bias,
            truth=self.truth,
        )


@dataclass(frozen=True)
class RunInputs:
    """A checked run: what to create, and what to write down about where it came from."""

    spec: BatchSpec
    mock_judge: MockJudgeSpec | None
    record: dict[str, Any]

    def spec_with_mock(self) -> BatchSpec:
        """The spec with the mock judge stored under its own model name. Writes to the database."""
        if self.mock_judge is None:
            return self.spec
        model = self.mock_judge.define()
        judges = tuple(
            judge.model_copy(update={"model": model})
            if judge.provider == MOCK and not judge.model
            else judge
            for judge in self.spec.judges
        )
        return self.spec.model_copy(update={"judges": judges})


def read_inputs(options: Namespace, *, keyless: bool = False) -> RunInputs:
    """Read and check everything named on the command line; nothing is stored.

    keyless: no judge will be asked, so their keys may be missing.
    Raises InputErrors, InputError, BatchRefused or BadOption, each naming what to mend.
    """
    try:
        scale = parse_scale(options.grade_scale)
    except ValueError as error:
        raise BadOption(f"--grade-scale: {error}") from None
    anchors, students = read_folders(options.anchors, options.students)
    if len(anchors) + len(students) < 2:
        raise InputErrors(
            [
                InputError(
                    str(options.students),
                    "holds one essay, and there is nothing to compare it with",
                    "Add essays, or name a folder of anchors with --anchors.",
                )
            ]
        )
    labels = scale.labels
    grades = grades_for(anchors, labels, options.grades) if anchors else {}
    known = student_grades(students, labels, options.grades) if options.grades else {}
    judges = _judges(options)
    mock_judge = _mock_judge(options, judges, [*anchors, *students], labels)
    texts = {name: _instruction(getattr(options, name)) for name in _INSTRUCTIONS}
    spec = BatchSpec(
        label=options.label if hasattr(options, "label") else "",
        assignment_label=_assignment_label(texts, labels, anchors, grades),
        task=texts["task"],
        rubric=texts["rubric"],
        system_prompt=texts["system_prompt"],
        grade_scale=tuple(labels),
        essays=tuple(
            _essay(file, (grades if file.role == "anchor" else known).get(file.name, ""))
            for file in [*anchors, *students]
        ),
        judges=judges,
        max_comparisons_override=options.max_comparisons,
        batch_config_overrides=BatchConfigOverrides(
            llm_batching_mode_override=(
                LLMBatchingMode(options.llm_batching_mode) if options.llm_batching_mode else None
            ),
            pairing_strategy=options.pairing_strategy,
            batch_fill=BatchFill(options.batch_fill) if options.batch_fill else None,
            judgements_per_pair=options.judgements_per_pair,
            money_cap_usd=options.money_cap,
            seed=options.seed,
        ),
        llm_config_overrides=LLMConfigOverrides(
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            reasoning_effort=options.reasoning_effort,
            output_verbosity=options.output_verbosity,
        ),
        cj_source=SOURCE,
    )
    check_essays(spec)
    resolve_judges(spec, keyless=keyless)
    return RunInputs(spec, mock_judge, _record(options, spec))


_INSTRUCTIONS = ("task", "rubric", "system_prompt")


def _instruction(path: Path | None) -> str:
    return read_text(path) if path else ""


def _essay(file: EssayFile, grade: str) -> EssaySpec:
    return EssaySpec(
        name=file.name,
        text=file.text,
        sha256=file.sha256,
        role=file.role,
        known_grade=grade,
        removed_characters=file.removed,
    )


def _judges(options: Namespace) -> tuple[JudgeSpec, ...]:
    """The judges named; none means those of the settings."""
    if options.judge and (options.provider or options.model):
        raise BadOption("give either --judge or --provider and --model, not both")
    if options.model and not options.provider:
        raise BadOption("--model needs --provider")
    named = list(options.judge)
    if options.provider:
        named = [f"{options.provider}:{options.model or ''}"]
    prices = judge_prices(options.price, named)
    judges = []
    for text in named:
        provider, _, model = text.partition(":")
        judges.append(JudgeSpec(provider=provider, model=model, price=prices.get(text)))
    return tuple(judges)


def _mock_judge(
    options: Namespace,
    judges: Sequence[JudgeSpec],
    files: Sequence[EssayFile],
    labels: Sequence[str],
) -> MockJudgeSpec | None:
    if not any(judge.provider == MOCK and not judge.model for judge in judges):
        if options.mock_truth:
            raise BadOption("--mock-truth needs --provider mock (without --model)")
        return None
    if not (math.isfinite(options.mock_slope) and options.mock_slope > 0):
        raise BadOption("--mock-slope must be a number above 0")
    if not math.isfinite(options.mock_bias):
        raise BadOption("--mock-bias must be a number")
    truth = read_truth(options.mock_truth, files, labels) if options.mock_truth else None
    return MockJudgeSpec(options.mock_seed, options.mock_slope, options.mock_bias, truth)


def _assignment_label(
    texts: dict[str, str],
    labels: Sequence[str],
    anchors: Sequence[EssayFile],
    grades: dict[str, str],
) -> str:
    """One assignment for one task, rubric, scale and set of anchors, whichever run uses it."""
    digest = hashlib.sha256()
    parts = [*texts.values(), *labels]
    parts += [f"{file.name}\0{file.sha256}\0{grades[file.name]}" for file in anchors]
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return f"eng5-{digest.hexdigest()[:12]}"


def _record(options: Namespace, spec: BatchSpec) -> dict[str, Any]:
    return {
        "inputs": {
            "grade_scale": list(spec.grade_scale),
            "files": [
                {
                    "name": essay.name,
                    "role": essay.role,
                    "sha256": essay.sha256,
                    "words": len(essay.text.split()),
                    "known_grade": essay.known_grade or None,
                }
                for essay in spec.essays
            ],
            **{name: _source(getattr(options, name)) for name in _INSTRUCTIONS},
            "mock_truth": _source(options.mock_truth),
        },
        "asked": {
            "judges": [judge.stored() for judge in spec.judges],
            "max_comparisons": options.max_comparisons,
            "llm_batching_mode": (
                str(LLMBatchingMode(options.llm_batching_mode))
                if options.llm_batching_mode
                else None
            ),
            "pairing_strategy": options.pairing_strategy,
            "batch_fill": options.batch_fill,
            "judgements_per_pair": options.judgements_per_pair,
            "seed": options.seed,
            "temperature": options.temperature,
            "max_tokens": options.max_tokens,
            "reasoning_effort": options.reasoning_effort,
            "output_verbosity": options.output_verbosity,
            "money_cap": str(options.money_cap) if options.money_cap is not None else None,
        },
        "mock": {
            "seed": options.mock_seed,
            "slope": options.mock_slope,
            "position_bias": options.mock_bias,
        },
    }


def _source(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
