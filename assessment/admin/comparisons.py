"""Waves and pairs: what was compared, in which order, and what the judge said."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from assessment.admin.records import Record, RecordInline, list_link
from assessment.models import ComparisonPair, PairAttempt, Wave


@admin.register(Wave)
class WaveAdmin(Record):
    list_display = (
        "id",
        "batch",
        "number",
        "kind",
        "size",
        "round",
        "decision",
        "reason",
        "reliability",
        "finished_at",
    )
    list_filter = ("kind", "decision", "batch__status")
    list_select_related = ("batch",)
    search_fields = ("=batch__id", "batch__label")
    search_help_text = "Number or label of the batch"
    exclude = ("scores",)
    readonly_fields = ("pairs_of_wave",)
    ordering = ("-id",)

    @admin.display(description="pairs")
    def pairs_of_wave(self, wave: Wave) -> SafeString:
        return list_link("assessment_comparisonpair", "pairs", wave__id__exact=str(wave.pk))


class AttemptInline(RecordInline):
    """Every asking of a pair, answers that came too late included."""

    model = PairAttempt
    fields = (
        "number",
        "correlation_id",
        "request_type",
        "outcome",
        "result",
        "answered_at",
    )
    show_change_link = False


@admin.register(ComparisonPair)
class ComparisonPairAdmin(Record):
    list_display = (
        "id",
        "batch",
        "wave_number",
        "essay_a",
        "essay_b",
        "status",
        "winner",
        "confidence",
        "provider",
        "model",
        "attempts",
        "completed_at",
    )
    list_filter = ("status", "winner", "confidence", "provider")
    list_select_related = ("batch", "wave", "essay_a", "essay_b")
    search_fields = ("=batch__id", "=correlation_id", "essay_a__name", "essay_b__name")
    search_help_text = "Number of the batch, correlation id or name of an essay"
    inlines = (AttemptInline,)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .defer(
                "essay_a__text",
                "essay_b__text",
                "batch__result",
                "batch__run_record",
                "batch__specified_pairs",
                "wave__scores",
            )
        )

    @admin.display(description="wave", ordering="wave__number")
    def wave_number(self, pair: ComparisonPair) -> int:
        return pair.wave.number
