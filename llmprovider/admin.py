"""Admin of the judge service: queue items, bundles and provider calls, to be read only."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from llmprovider.models import Bundle, ProviderCall, QueueItem


class Record(admin.ModelAdmin):
    """Rows that the queue writes: nothing can be added, changed or deleted by hand."""

    show_full_result_count = False
    list_per_page = 100

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(QueueItem)
class QueueItemAdmin(Record):
    list_display = (
        "correlation_id",
        "batch_key",
        "status",
        "provider",
        "model",
        "queue_mode",
        "attempts",
        "winner",
        "error_type",
        "enqueued_at",
        "finished_at",
    )
    list_filter = ("status", "provider", "queue_mode")
    search_fields = ("=correlation_id", "=batch_key", "=bundle__id")
    search_help_text = "Correlation id, batch or bundle"
    ordering = ("-enqueued_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("first", "second")
            .defer("first__text", "second__text")
        )

    @admin.display(description="error")
    def error_type(self, item: QueueItem) -> str:
        return (item.error or {}).get("error_type", "")


@admin.register(Bundle)
class BundleAdmin(Record):
    list_display = (
        "id",
        "batch_key",
        "queue_mode",
        "provider",
        "model",
        "not_before",
        "created_at",
    )
    list_filter = ("queue_mode", "provider", "model")
    search_fields = ("=id", "=batch_key")
    search_help_text = "Bundle or batch"
    ordering = ("-created_at",)


@admin.register(ProviderCall)
class ProviderCallAdmin(Record):
    list_display = (
        "id",
        "batch_key",
        "provider",
        "model",
        "mock",
        "items_count",
        "attempt",
        "input_tokens",
        "output_tokens",
        "cost_usd",
        "error_type",
        "latency_ms",
        "started_at",
    )
    list_filter = ("provider", "model", "mock", "error_type")
    search_fields = ("=id", "=batch_key", "=bundle__id", "=prompt_sha256", "=vendor_request_id")
    search_help_text = "Call, batch, bundle, hash of the prompt or the vendor's request id"
    ordering = ("-started_at",)
