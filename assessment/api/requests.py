"""The request for a batch: its shape here, its sense in `lifecycle.creating.creation`."""

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from rest_framework import serializers

from assessment.api.fields import GradeScaleField, OverridesField, TextField
from assessment.api.uploads import essays_of
from assessment.intake import content_of, sha256_of
from assessment.intake.gradings import label_of, off_scale
from assessment.lifecycle.creating.specs import (
    BatchConfigOverrides,
    BatchSpec,
    EssaySpec,
    JudgeSpec,
    LLMConfigOverrides,
)
from assessment.models import Assignment, Essay
from llmprovider.contracts import GivenPrice

SOURCE = "api"
# More than any batch has, and as much as a small server can hold.
MAX_ESSAYS = 10_000
MAX_PAIRS = 100_000
MAX_JUDGES = 50
MAX_INSTRUCTION_CHARS = 50_000
_INSTRUCTIONS = ("task", "rubric", "system_prompt")
_ROLES = " or ".join(f'"{role}"' for role in Essay.Role.values)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt limit must not be taken for no limit."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = (
            [name for name in data if name not in self.fields]
            if (isinstance(data, Mapping))
            else []
        )
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {str(name)[:100]: [f"There is no such field. Use: {known}."] for name in unknown}
            )
        return super().to_internal_value(data)


class EssaySerializer(StrictSerializer):
    """One essay, in the request itself."""

    name = serializers.CharField(max_length=200)
    text = TextField(
        write_only=True,
        error_messages={"blank": "There is no text. Put it in, or leave the essay out."},
    )
    role = serializers.ChoiceField(
        Essay.Role.choices,
        default=Essay.Role.STUDENT,
        error_messages={"invalid_choice": f"The role is {_ROLES}."},
    )
    known_grade = serializers.CharField(required=False, allow_blank=True, max_length=40)

    def to_internal_value(self, data: Any) -> Any:
        attrs = super().to_internal_value(data)
        # The field has taken them out; that they were there is a sign of its own.
        return {**attrs, "removed": content_of(str(data["text"])).removed}

    def validate_name(self, value: str) -> str:
        name = unicodedata.normalize("NFC", value)
        if not name.isprintable():
            raise serializers.ValidationError("It has characters that cannot be shown. Rename it.")
        return name

    def validate_text(self, value: str) -> str:
        if not value.strip():
            raise serializers.ValidationError(self.fields["text"].error_messages["blank"])
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["role"] == Essay.Role.ANCHOR and not attrs.get("known_grade"):
            raise serializers.ValidationError(
                {"known_grade": ["An anchor needs its grade. Give it, or make it a student."]}
            )
        return attrs


class JudgeSerializer(StrictSerializer):
    """Who judges. Without a model the provider's default is meant, where it has one."""

    provider = serializers.CharField(max_length=60)
    model = serializers.CharField(required=False, allow_blank=True, max_length=120)
    price = OverridesField(
        GivenPrice,
        required=False,
        help_text="For a model without a list price, or had at another: USD per million tokens.",
    )


class WantedPairSerializer(StrictSerializer):
    """One comparison asked for by name; `essay_a` is shown first."""

    essay_a = serializers.CharField(max_length=200)
    essay_b = serializers.CharField(max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {side: unicodedata.normalize("NFC", name) for side, name in attrs.items()}


class BatchRequestSerializer(StrictSerializer):
    """A batch to be judged."""

    label = serializers.CharField(required=False, allow_blank=True, max_length=200)
    assignment = serializers.CharField(
        max_length=200,
        help_text="Its label. A new one is stored; one that exists is used as it is.",
    )
    task = TextField(required=False, allow_blank=True, max_length=MAX_INSTRUCTION_CHARS)
    rubric = TextField(required=False, allow_blank=True, max_length=MAX_INSTRUCTION_CHARS)
    system_prompt = TextField(required=False, allow_blank=True, max_length=MAX_INSTRUCTION_CHARS)
    grade_scale = GradeScaleField(required=False)
    essays = EssaySerializer(many=True, required=False, max_length=MAX_ESSAYS)
    # By name, as `many` would let each of them be null too.
    pairs = serializers.ListSerializer(
        child=WantedPairSerializer(),
        required=False,
        allow_null=True,
        max_length=MAX_PAIRS,
        help_text="Exactly these comparisons, in this order; repeats are allowed. "
        "Without it, pairs are chosen.",
    )
    judges = JudgeSerializer(many=True, required=False, max_length=MAX_JUDGES)
    max_comparisons_override = serializers.IntegerField(required=False, allow_null=True)
    batch_config_overrides = OverridesField(BatchConfigOverrides, required=False)
    llm_config_overrides = OverridesField(LLMConfigOverrides, required=False)
    bos_batch_id = serializers.CharField(required=False, allow_blank=True, max_length=100)

    def validate_batch_config_overrides(self, value: BatchConfigOverrides) -> BatchConfigOverrides:
        if value.money_cap_usd is not None:
            _check_money(value.money_cap_usd)
        return value

    def spec(self, user: AbstractBaseUser) -> BatchSpec:
        """What `create_batch` is asked for; instructions left out are the assignment's own.

        Raises ValidationError for a missing grade scale and for essays that do not fit it.
        """
        asked: dict[str, Any] = dict(self.validated_data)
        stored = Assignment.find(asked["assignment"], user)
        scale = asked.get("grade_scale") or (tuple(stored.grade_scale) if stored else ())
        if not scale:
            raise serializers.ValidationError(
                {"grade_scale": ["The assignment is new. Give its grades, lowest first."]}
            )
        instructions = {
            name: asked.get(name, getattr(stored, name) if stored else "") for name in _INSTRUCTIONS
        }
        optional = {
            name: asked[name]
            for name in (
                "label",
                "bos_batch_id",
                "max_comparisons_override",
                "batch_config_overrides",
                "llm_config_overrides",
            )
            if name in asked
        }
        return BatchSpec(
            assignment_label=asked["assignment"],
            grade_scale=scale,
            essays=tuple(self.essay_specs(scale)),
            pairs=_ordered(asked.get("pairs")),
            judges=tuple(JudgeSpec(**judge) for judge in asked.get("judges", ())),
            cj_source=SOURCE,
            **instructions,
            **optional,
        )

    def essay_specs(self, scale: Sequence[str]) -> list[EssaySpec]:
        """The essays of the request. Raises ValidationError for grades that are off the scale."""
        specs: list[EssaySpec] = []
        problems: list[str] = []
        for number, essay in enumerate(self.validated_data.get("essays", ()), start=1):
            where = f"essay {number} ({essay['name']})"
            grade = essay.get("known_grade", "")
            label = label_of(grade, scale) if grade else ""
            if label is None:
                problems.append(
                    f"{where} has {off_scale(grade, scale)}. "
                    "Correct the grade, or choose the scale it belongs to."
                )
                continue
            specs.append(
                EssaySpec(
                    name=essay["name"],
                    text=essay["text"],
                    sha256=sha256_of(essay["text"]),
                    role=essay["role"],
                    known_grade=label,
                    removed_characters=essay["removed"],
                )
            )
        if problems:
            raise serializers.ValidationError({"essays": problems})
        return specs


class BatchUploadSerializer(BatchRequestSerializer):
    """A batch to be judged, with its essays as files. Nested fields are JSON text."""

    students = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        required=False,
        help_text="One essay per file: .txt, .md, .docx or .pdf.",
    )
    anchors = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        required=False,
        help_text="Essays of known grade. Without `grades`, the name ends in the grade: x_C+.txt.",
    )
    grades = serializers.FileField(
        required=False, allow_empty_file=True, help_text="A csv file with the columns file, grade."
    )

    def essay_specs(self, scale: Sequence[str]) -> list[EssaySpec]:
        uploaded = essays_of(
            self.validated_data.get("students", ()),
            self.validated_data.get("anchors", ()),
            self.validated_data.get("grades"),
            scale,
        )
        return [*super().essay_specs(scale), *uploaded]


def _ordered(pairs: Sequence[Mapping[str, str]] | None) -> tuple[tuple[str, str], ...] | None:
    if pairs is None:
        return None
    return tuple((pair["essay_a"], pair["essay_b"]) for pair in pairs)


def _check_money(amount: Decimal) -> None:
    """Refuse what the column of the money cap cannot hold."""
    try:
        serializers.DecimalField(max_digits=12, decimal_places=4).run_validation(amount)
    except serializers.ValidationError as error:
        raise serializers.ValidationError(
            [f"money_cap_usd: {message}" for message in error.detail]
        ) from None
