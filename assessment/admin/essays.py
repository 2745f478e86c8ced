"""Essays of batches and where the judging put them. Lists show no text."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assessment.admin.records import Record
from assessment.models import Essay, GradeProjection


class WarningSignsFilter(admin.SimpleListFilter):
    """Texts that a person should look at, or the others."""

    title = "warning signs"
    parameter_name = "signs"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "to look at"), ("no", "none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return queryset.exclude(warning_signs=[])
            case "no":
                return queryset.filter(warning_signs=[])
        return queryset


@admin.register(Essay)
class EssayAdmin(Record):
    list_display = ("id", "name", "batch", "role", "known_grade", "words", "signs")
    list_filter = (WarningSignsFilter, "role", "batch__status")
    list_select_related = ("batch",)
    search_fields = ("name", "=batch__id", "batch__label", "=sha256")
    search_help_text = "Name, number or label of the batch, or sha256 of the text"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .defer("text", "batch__result", "batch__run_record", "batch__specified_pairs")
        )

    @admin.display(description="warning signs", empty_value="")
    def signs(self, essay: Essay) -> str:
        """In words, and how often; the text itself is on the essay's own page."""
        return "; ".join(f"{sign['words']} ({sign['count']})" for sign in essay.warning_signs)


@admin.register(GradeProjection)
class GradeProjectionAdmin(Record):
    list_display = (
        "essay",
        "batch",
        "role",
        "rank",
        "score",
        "se",
        "comparisons",
        "grade",
        "grade_confidence",
        "known_grade",
    )
    list_filter = ("essay__role", "grade", "grade_confidence", "beyond")
    list_select_related = ("essay__batch",)
    search_fields = ("essay__name", "=essay__batch__id", "essay__batch__label")
    search_help_text = "Name of the essay, number or label of the batch"
    ordering = ("-essay__batch", "-score")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .defer(
                "essay__text",
                "essay__batch__result",
                "essay__batch__run_record",
                "essay__batch__specified_pairs",
            )
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The page of a batch links here by the essay's batch."""
        return lookup == "essay__batch__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(ordering="essay__batch")
    def batch(self, projection: GradeProjection) -> str:
        return str(projection.essay.batch)

    @admin.display(ordering="essay__role")
    def role(self, projection: GradeProjection) -> str:
        return projection.essay.role

    @admin.display(description="known grade")
    def known_grade(self, projection: GradeProjection) -> str:
        return projection.essay.known_grade
