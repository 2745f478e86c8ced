"""Admin of the judge service: queue items, bundles and provider calls, to be read only."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.timesince import timesince

from llmprovider.costs.budgets import with_commitments
from llmprovider.costs.sums import costs_of_calls
from llmprovider.costs.tables import cost_rows
from llmprovider.gates import reopen
from llmprovider.models import (
    BatchAccount,
    BatchJob,
    Bundle,
    ComparisonSet,
    Gate,
    ProviderCall,
    QueueItem,
)

# Lines of sums below the list of calls: the latest days.
COST_ROWS = 60


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
    date_hierarchy = "started_at"
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

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with the sums of all that it holds."""
        answer = super().changelist_view(request, extra_context)
        listed = getattr(answer, "context_data", {}).get("cl")
        if listed is not None:
            rows = cost_rows(costs_of_calls(listed.queryset, by_day=True))
            answer.context_data |= {
                "costs": [*rows[-COST_ROWS - 1 :]],
                "cost_rows_left_out": max(0, len(rows) - COST_ROWS - 1),
            }
        return answer


@admin.register(BatchAccount)
class BatchAccountAdmin(Record):
    """To change a cap, ask for further comparisons of the batch with another."""

    list_display = ("batch_key", "money_cap", "spent", "under_way", "last_turn_at", "created_at")
    search_fields = ("=batch_key",)
    search_help_text = "Batch"
    ordering = ("-created_at",)
    readonly_fields = ("spent", "under_way")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the calls that are not in the accounts' sums, in the same query."""
        return with_commitments(super().get_queryset(request))

    @admin.display(description="billed, or perhaps (USD)")
    def spent(self, account: BatchAccount) -> str:
        return f"{account.spent_usd:.4f}"

    @admin.display(description="under way, at most (USD)")
    def under_way(self, account: BatchAccount) -> str:
        return f"{account.under_way_usd:.4f}"


@admin.register(ComparisonSet)
class ComparisonSetAdmin(Record):
    """Requests of other programs. How far one is stands in the queue items of its batch key."""

    date_hierarchy = "created_at"
    list_display = (
        "id",
        "batch_key",
        "created_by",
        "provider",
        "model",
        "asked",
        "idempotency_key",
        "created_at",
        "cancelled_at",
    )
    list_filter = ("provider", "model")
    list_select_related = ("created_by",)
    search_fields = ("=id", "=idempotency_key", "=created_by__username")
    search_help_text = "Request, the caller's key or user name"
    ordering = ("-created_at",)

    @admin.display(description="comparisons")
    def asked(self, one: ComparisonSet) -> int:
        return len(one.comparisons)


@admin.register(BatchJob)
class BatchJobAdmin(Record):
    """To end a job, cancel its batch."""

    date_hierarchy = "planned_at"
    list_display = (
        "id",
        "provider",
        "model",
        "status",
        "vendor_status",
        "requests",
        "items",
        "succeeded",
        "not_succeeded",
        "age",
        "cost_usd",
        "vendor_id",
        "attempt",
        "error_type",
        "planned_at",
    )
    list_filter = ("status", "provider", "model", "error_type")
    search_fields = ("=id", "=vendor_id", "=bundles__batch_key")
    search_help_text = "Job, the vendor's name for it, or batch"
    ordering = ("-planned_at",)

    @admin.display(description="errored, expired, cancelled, missing")
    def not_succeeded(self, job: BatchJob) -> str:
        return f"{job.errored}, {job.expired}, {job.cancelled}, {job.missing}"

    @admin.display(description="open for")
    def age(self, job: BatchJob) -> str:
        return "" if job.ended else timesince(job.planned_at)


@admin.register(Gate)
class GateAdmin(Record):
    list_display = (
        "__str__",
        "failures",
        "opened_at",
        "open_until",
        "paused_until",
        "full_until",
        "refused_at",
        "refusal_message",
        "error_type",
        "error_message",
        "updated_at",
    )
    list_filter = ("provider",)
    search_fields = ("provider", "model")
    search_help_text = "Provider or model"
    ordering = ("provider", "model")
    actions = ("close_the_circuit",)

    def has_reopen_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("llmprovider.change_gate")

    @admin.action(
        description="Close the circuit, forget the pause and the refusal",
        permissions=["reopen"],
    )
    def close_the_circuit(self, request: HttpRequest, gates: QuerySet[Gate]) -> None:
        for gate in gates:
            reopen(gate.provider, gate.model)
        self.message_user(request, "The next calls will be made as if nothing had happened.")
