"""Essays of batches and where the judging put them. Lists show no text."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assessment.admin.records import Record
from assessment.models import Essay, GradeProjection


@admin.register(Essay)
class EssayAdmin(Record):
    list_display = ("id", "name", "batch", "role", "known_grade", "words")
    list_filter = ("role", "batch__status")
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
