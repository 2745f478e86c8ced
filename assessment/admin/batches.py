"""Batches: where each stands, what it cost, and the way to everything that belongs to it."""

from django.contrib import admin, messages
from django.db.models import CharField, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from assessment.admin.records import Record, RecordInline, list_link
from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.job_words import job_words
from assessment.lifecycle.jobs import jobs_of
from assessment.models import Batch, Wave
from assessment.reports.figures import plural
from llmprovider.contracts import bills


class WaveInline(RecordInline):
    """The waves of a batch, each with its decision."""

    model = Wave
    fields = (
        "number",
        "kind",
        "size",
        "round",
        "successes",
        "decision",
        "reason",
        "max_score_change",
        "reliability",
        "finished_at",
    )


@admin.register(Batch)
class BatchAdmin(Record):
    """Read-only but for the action that cancels."""

    list_display = (
        "id",
        "label",
        "status",
        "stop_reason",
        "progress_bar",
        "answered",
        "cost",
        "mock",
        "mode",
        "created_at",
    )
    list_display_links = ("id", "label")
    list_filter = ("status", "llm_batching_mode", "stop_reason", "mock", "cj_source", "created_at")
    search_fields = ("=id", "label", "=bos_batch_id")
    search_help_text = "Number, label or external id"
    actions = ("cancel_selected",)
    inlines = (WaveInline,)
    fieldsets = (
        (None, {"fields": ("label", "assignment", "created_by", "cj_source", "bos_batch_id")}),
        (
            "Where it stands",
            {
                "fields": (
                    "status",
                    "stop_reason",
                    "failure",
                    "warnings_in_words",
                    "progress_bar",
                    "answered",
                    "submitted",
                    "billed",
                    "jobs",
                    "last_activity_at",
                    "created_at",
                    "completed_at",
                )
            },
        ),
        ("What belongs to it", {"fields": ("documents", "belongings")}),
        (
            "How it is judged",
            {
                "fields": (
                    "mock",
                    "judges",
                    "llm_config_overrides",
                    "llm_batching_mode",
                    "pairing_strategy",
                    "batch_fill",
                    "bundle_size_override",
                    "judgements_per_pair",
                    "compare_anchors",
                    "seed",
                    "total_budget",
                    "completion_denominator",
                    "money_cap",
                    "reliability_target",
                    "grade_scale",
                    "task",
                    "rubric",
                    "system_prompt",
                    "request_correlation_id",
                    "idempotency_key",
                )
            },
        ),
    )
    # Shown on the page of a batch beside its columns.
    readonly_fields = (
        "progress_bar",
        "answered",
        "billed",
        "jobs",
        "warnings_in_words",
        "documents",
        "belongings",
    )

    def has_change_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        """For the list, where the action asks; a batch itself cannot be edited."""
        return obj is None and admin.ModelAdmin.has_change_permission(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return (
            super()
            .get_queryset(request)
            .defer("result", "run_record", "specified_pairs")
            .annotate(key=Cast("pk", CharField()))
            .annotate(spent=bills.cost_expression(OuterRef("key")))
        )

    @admin.display(description="progress")
    def progress_bar(self, batch: Batch) -> SafeString | str:
        """Of what is under way: a batch may well end before it reaches its most."""
        if batch.ended:
            return "ended"
        percent = round(100 * batch.progress)
        return format_html('<progress value="{}" max="100"></progress> {} %', percent, percent)

    @admin.display(ordering="llm_batching_mode")
    def mode(self, batch: Batch) -> str:
        return batch.llm_batching_mode

    @admin.display(description="comparisons")
    def answered(self, batch: Batch) -> str:
        failed = f", {batch.failed} failed" if batch.failed else ""
        pending = f", {batch.pending} pending" if batch.pending else ""
        return f"{batch.completed} of {batch.completion_denominator}{failed}{pending}"

    @admin.display(description="cost (USD)", ordering="spent")
    def cost(self, batch: Batch) -> str:
        """Of the comparisons recorded; the page of a batch tells what was billed in all."""
        return f"{batch.spent:.4f}"

    @admin.display(description="billed so far")
    def billed(self, batch: Batch) -> str:
        totals = bills.totals_of(str(batch.pk))
        known, unpriced = totals["known_usd"], totals["unpriced_calls"]
        amount = "unknown cost" if known is None else f"{known:.4f} USD"
        words = (
            f"{amount} in {totals['calls']} calls, "
            f"{totals['input_tokens']:,} tokens in, {totals['output_tokens']:,} out"
        )
        if unpriced:
            words += f"; no price is known for {plural(unpriced, 'call', 'calls')}, not in the sum"
        if totals["unanswered_calls"]:
            words += (
                f"; up to {totals['reserved_usd']:.4f} USD more for "
                f"{plural(totals['unanswered_calls'], 'call', 'calls')} without an answer"
            )
        return words

    @admin.display(description="jobs at providers")
    def jobs(self, batch: Batch) -> SafeString | str:
        words = ((job_words(job),) for job in jobs_of(batch))
        return format_html_join(mark_safe("<br>"), "{}", words) or "none"

    @admin.display(description="warnings")
    def warnings_in_words(self, batch: Batch) -> SafeString | str:
        words = ((warning.get("message", ""),) for warning in batch.warnings)
        return format_html_join(mark_safe("<br>"), "{}", words) or "none"

    @admin.display(description="documents")
    def documents(self, batch: Batch) -> SafeString:
        """As over the API, to which the admin's session is a key."""
        routes = {"report": "report", "run.json": "run"}
        if batch.status == Batch.Status.COMPLETED:
            routes["results.csv"] = "results-csv"
        links = ((reverse(f"api:batch-{routes[name]}", args=[batch.pk]), name) for name in routes)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    @admin.display(description="lists")
    def belongings(self, batch: Batch) -> SafeString:
        key = str(batch.pk)
        links = (
            list_link("assessment_comparisonpair", "pairs", batch__id__exact=key),
            list_link("assessment_wave", "waves", batch__id__exact=key),
            list_link("assessment_essay", "essays", batch__id__exact=key),
            list_link("assessment_gradeprojection", "scores", essay__batch__id__exact=key),
            list_link("assessment_outgoingevent", "events", batch__id__exact=key),
            list_link("llmprovider_batchaccount", "account", q=key),
            list_link("llmprovider_batchjob", "jobs", q=key),
            list_link("llmprovider_bundle", "bundles", batch_key=key),
            list_link("llmprovider_queueitem", "queue items", batch_key=key),
            list_link("llmprovider_providercall", "provider calls", batch_key=key),
        )
        return format_html_join(" · ", "{}", ((link,) for link in links))

    @admin.action(description="Cancel selected batches", permissions=["change"])
    def cancel_selected(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        ids = list(batches.values_list("pk", flat=True))
        done = [pk for pk in ids if cancel(pk)]
        for pk in done:
            self.log_change(request, Batch(pk=pk), "Cancelled.")
        if done:
            self.message_user(request, f"Cancelled: {_numbers(done)}.", messages.SUCCESS)
        ended = [pk for pk in ids if pk not in done]
        if ended:
            self.message_user(request, f"Had ended before: {_numbers(ended)}.", messages.WARNING)


def _numbers(ids: list[int]) -> str:
    return ("batch " if len(ids) == 1 else "batches ") + ", ".join(map(str, ids))
