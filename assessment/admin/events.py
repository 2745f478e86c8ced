"""Outgoing events: what the world is told when a batch ends, and whether it has heard."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format

from assessment.admin.records import Record, RecordInline
from assessment.models import EventDelivery, OutgoingEvent
from assessment.outbox.planning import send_again
from assessment.outbox.targets import place_of


class EventDeliveryInline(RecordInline):
    """Where the event goes and how far it has got. Of a URL only the host: it may hold a secret."""

    model = EventDelivery
    show_change_link = False
    fields = (
        "host",
        "status",
        "attempts",
        "last_answer",
        "next_attempt",
        "delivered_at",
    )
    readonly_fields = ("host", "last_answer", "next_attempt")

    @admin.display
    def host(self, delivery: EventDelivery) -> str:
        return place_of(delivery.target)

    @admin.display
    def last_answer(self, delivery: EventDelivery) -> str:
        return _answer(delivery)

    @admin.display(description="next attempt (UTC)")
    def next_attempt(self, delivery: EventDelivery) -> str:
        if delivery.status != EventDelivery.Status.PENDING:
            return "none"
        return date_format(delivery.next_attempt_at, "Y-m-d H:i:s")


@admin.register(OutgoingEvent)
class OutgoingEventAdmin(Record):
    """Read-only but for the action that sends again."""

    list_display = ("id", "batch", "kind", "event_id", "created_at", "delivery")
    list_filter = ("kind", "deliveries__status")
    list_select_related = ("batch",)
    search_fields = ("=batch__id", "batch__label", "=event_id")
    search_help_text = "Number or label of the batch, or id of the event"
    ordering = ("-id",)
    actions = ("send_selected_again",)
    inlines = (EventDeliveryInline,)

    def has_change_permission(self, request: HttpRequest, obj: OutgoingEvent | None = None) -> bool:
        """For the list, where the action asks; an event itself cannot be edited."""
        return obj is None and admin.ModelAdmin.has_change_permission(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .defer("batch__result", "batch__run_record", "batch__specified_pairs")
            .prefetch_related("deliveries")
        )

    @admin.display(description="delivery")
    def delivery(self, event: OutgoingEvent) -> str:
        """One entry per receiver: how far the event has got there."""
        return "; ".join(map(_state, event.deliveries.all())) or "no receiver was configured"

    @admin.action(description="Send selected events again", permissions=["change"])
    def send_selected_again(self, request: HttpRequest, events: QuerySet[OutgoingEvent]) -> None:
        asked = []
        for event in events:
            if send_again(event):
                self.log_change(request, event, "Sent again.")
                asked.append(event.batch_id)
        if asked:
            batches = ", ".join(map(str, asked))
            self.message_user(
                request, f"To be sent again: the events of batch {batches}.", messages.SUCCESS
            )
        left = len(events) - len(asked)
        if left:
            self.message_user(
                request,
                f"Left as they are: {left}. They are being sent at this moment, or no receiver is "
                "configured (CJ_ASSESSMENT_SERVICE_EVENT_WEBHOOK_URLS).",
                messages.WARNING,
            )


def _state(delivery: EventDelivery) -> str:
    state = delivery.get_status_display().lower()
    if delivery.status == EventDelivery.Status.DELIVERED or not delivery.attempts:
        return state
    times = "once" if delivery.attempts == 1 else f"{delivery.attempts} times"
    return f"{state}, tried {times}, last answer: {_answer(delivery)}"


def _answer(delivery: EventDelivery) -> str:
    """The HTTP status, or why there was none; empty before the first attempt."""
    if delivery.last_status is not None:
        return f"HTTP {delivery.last_status}"
    return delivery.last_problem.replace("_", " ")
