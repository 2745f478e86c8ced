"""Fields of a request that the framework has no name for."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import ProhibitNullCharactersValidator
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_array_type, build_basic_type
from drf_spectacular.types import OpenApiTypes
from pydantic import BaseModel
from pydantic import ValidationError as PydanticError
from rest_framework import serializers
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from assessment.api.problems import of_pydantic
from assessment.intake import normalise
from assessment.measurement.scales import KNOWN_NAMES, Scale, parse_scale

MAX_GRADE_CHARS = 40
MAX_GRADES = 100


class TextField(serializers.CharField):
    """A longer text, brought into the same normal form as the text of a file."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: object) -> str:
        return normalise(super().to_internal_value(data))


class GradeScaleField(serializers.Field):
    """Grade labels, lowest first: the name of a known scale, a list, or "lowest,...,highest"."""

    default_error_messages = {
        "kind": "Give a list of grades from lowest to highest, or one of: " + KNOWN_NAMES + ".",
        "long": f"A grade has more than {MAX_GRADE_CHARS} characters. Shorten it.",
        "many": f"There are more than {MAX_GRADES} grades. Give a coarser scale.",
        "comma": "A grade has a comma in it. Write it without.",
    }

    def to_internal_value(self, data: object) -> tuple[str, ...]:
        # Before anything is compared with everything.
        if (data.count(",") + 1 if isinstance(data, str) else _length(data)) > MAX_GRADES:
            self.fail("many")
        if isinstance(data, str):
            labels = self._checked(lambda: parse_scale(data))
        elif isinstance(data, list) and all(_is_label(label) for label in data):
            labels = self._checked(lambda: Scale("custom", tuple(str(label) for label in data)))
        else:
            self.fail("kind")
        if any(len(label) > MAX_GRADE_CHARS for label in labels):
            self.fail("long")
        if any("," in label for label in labels):
            self.fail("comma")
        return labels

    def to_representation(self, value: Any) -> list[str]:
        return list(value)

    def _checked(self, make: Callable[[], Scale]) -> tuple[str, ...]:
        try:
            labels = make().labels
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None
        for label in labels:
            _check_characters(label)
        return labels


class OverridesField(serializers.Field):
    """An object of settings, checked by the pydantic model that alone lists their limits."""

    default_error_messages = {"kind": "Give an object, as in {{}}, with the settings by name."}

    def __init__(self, model: type[BaseModel], **kwargs: Any) -> None:
        self.model = model
        super().__init__(**kwargs)

    def to_internal_value(self, data: object) -> BaseModel:
        if not isinstance(data, Mapping):
            self.fail("kind")
        for name, value in data.items():
            if isinstance(value, str):
                try:
                    _check_characters(value)
                except serializers.ValidationError as error:
                    raise serializers.ValidationError({name: error.detail}) from None
        try:
            return self.model.model_validate(dict(data))
        except PydanticError as error:
            messages = of_pydantic(error)
        # Outside the handler: the exception holds what was sent.
        raise serializers.ValidationError(messages)

    def to_representation(self, value: BaseModel) -> dict[str, Any]:
        return value.model_dump(mode="json")


def _length(data: object) -> int:
    return len(data) if isinstance(data, list) else 0


def _is_label(label: object) -> bool:
    return isinstance(label, str | int | float) and not isinstance(label, bool)


def _check_characters(text: str) -> None:
    """Refuse what a database cannot store as text."""
    ProhibitSurrogateCharactersValidator()(text)
    try:
        ProhibitNullCharactersValidator()(text)
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.messages) from None


class GradeScaleSchema(OpenApiSerializerFieldExtension):
    target_class = GradeScaleField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        labels = build_array_type(build_basic_type(OpenApiTypes.STR))
        return (
            labels
            if direction == "response"
            else {"oneOf": [build_basic_type(OpenApiTypes.STR), labels]}
        )


class OverridesSchema(OpenApiSerializerFieldExtension):
    target_class = OverridesField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        reference: dict[str, Any] = auto_schema.resolve_serializer(self.target.model, direction).ref
        return reference
