"""Outgoing events: what the world is told when a batch ends."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assessment.admin.records import Record
from assessment.models import OutgoingEvent


@admin.register(OutgoingEvent)
class OutgoingEventAdmin(Record):
    list_display = ("id", "batch", "kind", "event_id", "created_at")
    list_filter = ("kind",)
    list_select_related = ("batch",)
    search_fields = ("=batch__id", "batch__label", "=event_id")
    search_help_text = "Number or label of the batch, or id of the event"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .defer("batch__result", "batch__run_record", "batch__specified_pairs")
        )
