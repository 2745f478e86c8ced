"""What may be asked of a batch: plain, checked, and the same for the API and the command line."""

from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assessment.models import Assignment
from assessment.modes import LLMBatchingMode
from assessment.pairing.budgets import eligible_among
from assessment.pairing.specified import specified_pairs
from llmprovider.contracts import MAX_BUNDLE_SIZE, BatchFill, GivenPrice


class BatchRefused(ValueError):
    """The batch cannot be created as asked. `field` names what to change."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EssaySpec(_Spec):
    """One text. `known_grade` is an anchor's grade, or a student's to check the result against."""

    name: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, repr=False)
    sha256: str = Field(min_length=64, max_length=64)
    role: Literal["student", "anchor"]
    known_grade: str = Field("", max_length=40)
    removed_characters: int = Field(
        0, ge=0, description="Hidden characters that were taken out of it."
    )

    @model_validator(mode="after")
    def _anchors_have_grades(self) -> Self:
        if self.role == "anchor" and not self.known_grade:
            raise ValueError(f"anchor {self.name} has no grade")
        return self


class JudgeSpec(_Spec):
    """Who judges. `price` is for a model that has no list price, or is had at another."""

    provider: str = Field(min_length=1, max_length=60)
    model: str = Field("", max_length=120)
    price: GivenPrice | None = None

    def stored(self) -> dict[str, Any]:
        """As JSON; a price only where one was given."""
        return self.model_dump(mode="json", exclude_none=True)


class LLMConfigOverrides(_Spec):
    """How the judges are called; None leaves the model's own default."""

    provider: str | None = Field(None, max_length=60)
    model: str | None = Field(None, max_length=120)
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=200_000)
    system_prompt: str | None = Field(None, repr=False)
    reasoning_effort: str | None = Field(None, max_length=20)
    output_verbosity: str | None = Field(None, max_length=20)


class BatchConfigOverrides(_Spec):
    """Settings of one batch; None falls back to the service's settings."""

    llm_batching_mode_override: LLMBatchingMode | None = None
    pairing_strategy: Literal["balanced", "blocks", "adaptive"] | None = None
    batch_fill: BatchFill | None = None
    bundle_size_override: int | None = Field(None, ge=1, le=MAX_BUNDLE_SIZE)
    judgements_per_pair: int = Field(1, ge=1, le=20)
    compare_anchors: bool = True
    reliability_target: float | None = Field(None, gt=0, lt=1)
    money_cap_usd: Decimal | None = Field(None, gt=0, max_digits=12, decimal_places=4)
    seed: int | None = Field(None, ge=0, lt=2**63)

    @field_validator("llm_batching_mode_override", mode="before")
    @classmethod
    def _known_mode(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                return LLMBatchingMode(value)
            except ValueError:
                modes = ", ".join(mode.value for mode in LLMBatchingMode)
                raise ValueError(f"unknown mode {value!r}. Use one of: {modes}") from None
        return value


class BatchSpec(_Spec):
    """All that is asked of a batch. Field names are those of the API."""

    label: str = Field("", max_length=200)
    assignment_label: str = Field(min_length=1, max_length=200)
    context_origin: Assignment.ContextOrigin = Assignment.ContextOrigin.RESEARCH_EXPERIMENT
    task: str = Field("", repr=False)
    rubric: str = Field("", repr=False)
    system_prompt: str = Field("", repr=False)
    grade_scale: tuple[str, ...]
    essays: tuple[EssaySpec, ...]
    pairs: tuple[tuple[str, str], ...] | None = None
    judges: tuple[JudgeSpec, ...] = ()
    max_comparisons_override: int | None = None
    batch_config_overrides: BatchConfigOverrides = BatchConfigOverrides()
    llm_config_overrides: LLMConfigOverrides = LLMConfigOverrides()
    bos_batch_id: str = Field("", max_length=100)
    cj_source: str = Field(max_length=40)

    def ordered_essays(self) -> list[EssaySpec]:
        """By role and name, so that one seed gives one set of pairs anywhere."""
        return sorted(self.essays, key=lambda essay: (essay.role, essay.name))

    def eligible_pairs(self) -> int:
        """How many pairs there are to choose from."""
        return eligible_among(
            [essay.role == "anchor" for essay in self.essays],
            [essay.sha256 for essay in self.essays],
            self.batch_config_overrides.compare_anchors,
        )

    def pair_positions(self) -> list[list[int]] | None:
        """The caller's `pairs` as places in `ordered_essays`; None where pairs are generated.

        Raises BatchRefused for pairs that cannot be compared, and for settings that only generated
        pairs obey.
        """
        if self.pairs is None:
            return None
        overrides = self.batch_config_overrides
        if overrides.pairing_strategy:
            raise BatchRefused("pairing_strategy", "pairs are given, so none are chosen")
        if overrides.judgements_per_pair != 1:
            raise BatchRefused(
                "judgements_per_pair", "pairs are given: repeat a pair in the list instead"
            )
        essays = self.ordered_essays()
        try:
            pairs = specified_pairs(
                self.pairs, {essay.name: place for place, essay in enumerate(essays)}
            ).tolist()
        except ValueError as error:
            raise BatchRefused("pairs", str(error)) from None
        if not overrides.compare_anchors:
            for number, (first, second) in enumerate(pairs, start=1):
                if essays[first].role == essays[second].role == "anchor":
                    raise BatchRefused(
                        "pairs", f"pair {number} is of two anchors, and compare_anchors is off"
                    )
        return [[int(first), int(second)] for first, second in pairs]
