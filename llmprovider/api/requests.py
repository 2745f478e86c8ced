"""The request for comparisons: its shape, its limits, and what it asks of the queue."""

import json
import re
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from llmprovider.contracts import GivenPrice, Instructions, Overrides
from llmprovider.prompting.visible_texts import clean

MAX_COMPARISONS = 1_000
MAX_TEXT_CHARS = 100_000
MAX_INSTRUCTION_CHARS = 50_000
MAX_METADATA_CHARS = 2_000
MAX_METADATA_LEVELS = 20
_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("It has characters that cannot be shown.")
    return name


def _cleaned(text: object) -> object:
    return clean(text) if isinstance(text, str) else text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("There is no text.")
    return text


def _levels(value: object) -> int:
    inner = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    return 0 if inner is None else 1 + max(map(_levels, inner), default=0)


def _storable(metadata: dict[str, Any]) -> dict[str, Any]:
    written = ""
    # What cannot be written stays "": an exception raised here would hold what was sent.
    with suppress(ValueError, RecursionError):
        if _levels(metadata) <= MAX_METADATA_LEVELS:
            text = json.dumps(metadata, ensure_ascii=False, allow_nan=False)
            text.encode()
            written = text
    if not written or _NULL.search(written):
        raise ValueError("It holds a number, a character or a depth that cannot be stored.")
    if len(written) > MAX_METADATA_CHARS:
        raise ValueError(f"As JSON it has more than {MAX_METADATA_CHARS:,} characters.")
    return metadata


Name = Annotated[str, AfterValidator(_printable)]
Metadata = Annotated[dict[str, Any], AfterValidator(_storable)]
InstructionText = Annotated[
    str, Field(max_length=MAX_INSTRUCTION_CHARS, repr=False), BeforeValidator(_cleaned)
]
# Cleaned first: a stray surrogate would not pass for text.
Text = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TEXT_CHARS, repr=False),
    BeforeValidator(_cleaned),
    AfterValidator(_not_blank),
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextAsked(_Asked):
    """One text. Results name it by `id`; only `text` is shown to the judge."""

    id: Name = Field(min_length=1, max_length=200)
    text: Text


class ComparisonAsked(_Asked):
    """Two texts; the judge is shown `first` first."""

    first: TextAsked
    second: TextAsked
    metadata: Metadata = Field(
        default_factory=dict, description="Yours; comes back with the result as it is."
    )

    @field_validator("second")
    @classmethod
    def _another_text(cls, second: TextAsked, info: ValidationInfo) -> TextAsked:
        first = info.data.get("first")
        if first is not None and first.id == second.id:
            raise ValueError("It has the id of the first text. Give each text its own.")
        if first is not None and first.text == second.text:
            raise ValueError("It is the same text as the first: there is nothing to compare.")
        return second


class InstructionsAsked(_Asked):
    """What the judge is told besides the texts. Each may be left out."""

    system_prompt: InstructionText = Field("", description="The judge's role, for the usual one.")
    task: InstructionText = Field("", description="The task that the writers were given.")
    rubric: InstructionText = Field("", description="What makes a text better.")


class JudgingAsked(_Asked):
    """Who judges, and how: the same for every comparison of the request."""

    instructions: InstructionsAsked = Field(
        default_factory=lambda: InstructionsAsked.model_validate({})
    )
    provider: Name = Field(min_length=1, max_length=60)
    model: Name = Field("", max_length=120, description="Empty: the provider's default, if any.")
    temperature: float | None = Field(None, ge=0, le=2, strict=True)
    max_tokens: int | None = Field(None, ge=1, le=2**31 - 1, strict=True)
    reasoning_effort: Name | None = Field(None, min_length=1, max_length=40)
    output_verbosity: Name | None = Field(None, min_length=1, max_length=40)
    money_cap_usd: Decimal | None = Field(
        None, gt=0, le=1_000_000, max_digits=12, decimal_places=4,
        description="Calls that would cost more than this in all are not made.",
    )  # fmt: skip
    price: GivenPrice | None = Field(
        None, description="What the model costs, where it has no list price or yours differs."
    )
    priority: int = Field(5, ge=0, le=9, strict=True, description="0 is taken first.")
    mode: Literal["per_request", "serial_bundle"] | None = Field(
        None, description="One comparison a call, or several; null: as the server is set."
    )

    def to_instructions(self) -> Instructions:
        return Instructions.model_validate(self.instructions.model_dump())

    def to_overrides(self, model: str) -> Overrides:
        return Overrides(
            provider=self.provider,
            model=model,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            reasoning_effort=self.reasoning_effort,
            output_verbosity=self.output_verbosity,
            price=self.price,
        )


class OneComparison(ComparisonAsked, JudgingAsked):
    """One comparison, without a list around it."""

    def listed(self) -> list[ComparisonAsked]:
        return [self]


class ManyComparisons(JudgingAsked):
    """Comparisons that share judge and instructions."""

    comparisons: list[ComparisonAsked] = Field(min_length=1, max_length=MAX_COMPARISONS)

    @field_validator("comparisons")
    @classmethod
    def _one_text_per_id(cls, comparisons: list[ComparisonAsked]) -> list[ComparisonAsked]:
        texts: dict[str, str] = {}
        for number, comparison in enumerate(comparisons, start=1):
            for text in (comparison.first, comparison.second):
                if texts.setdefault(text.id, text.text) != text.text:
                    raise ValueError(
                        f"comparison {number}: one of its ids stands for another text above. "
                        "Give each text its own."
                    )
        return comparisons

    def listed(self) -> list[ComparisonAsked]:
        return self.comparisons


def shape_of(payload: object) -> type[OneComparison | ManyComparisons]:
    """Which of the two forms a body's JSON is meant to have."""
    alone = (
        isinstance(payload, dict)
        and "comparisons" not in payload
        and ("first" in payload or "second" in payload)
    )
    return OneComparison if alone else ManyComparisons
