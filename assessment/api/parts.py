"""Parts of what is told about a batch: judges, cost, jobs, warnings, links."""

from typing import Any

from rest_framework import serializers


class PriceTold(serializers.Serializer[Any]):
    """USD per million tokens."""

    input_per_million = serializers.FloatField()
    output_per_million = serializers.FloatField()


class JudgeTold(serializers.Serializer[Any]):
    provider = serializers.CharField()
    model = serializers.CharField()
    price = PriceTold(required=False, help_text="Only where the caller gave one.")


class WarningTold(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class CostTold(serializers.Serializer[Any]):
    """Billed so far, failed calls included."""

    usd = serializers.FloatField(
        allow_null=True, help_text="The known part; null where no price is known."
    )
    usd_per_comparison = serializers.FloatField(
        allow_null=True,
        help_text="Per verdict, failed calls included; null where a price is missing.",
    )
    currency = serializers.CharField()
    calls = serializers.IntegerField()
    unpriced_calls = serializers.IntegerField(
        help_text="Calls of a model without a known price: not in usd."
    )
    unanswered_calls = serializers.IntegerField(
        help_text="Calls under way, or that ended without an answer or a bill: not in usd."
    )
    unanswered_at_most_usd = serializers.FloatField(
        help_text="The most that those may be billed on top of usd."
    )
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()


class NullIfBlank(serializers.CharField):
    """Text that the database keeps as "" where there is none."""

    def to_representation(self, value: Any) -> str | None:
        return super().to_representation(value) if value else None


class JobTold(serializers.Serializer[Any]):
    """A job at a provider's batch service. Nightly jobs may hold other batches' comparisons too."""

    provider = serializers.CharField()
    model = serializers.CharField()
    status = serializers.CharField(
        help_text="planned, preparing, submitting, submitted, collecting; in the end collected, "
        "lost, failed or cancelled."
    )
    vendor_id = NullIfBlank(allow_null=True, help_text="The provider's name for it.")
    vendor_status = NullIfBlank(allow_null=True, help_text="As the provider puts it.")
    attempt = serializers.IntegerField()
    open = serializers.BooleanField(help_text="Results, and their bill, may still come.")
    requests = serializers.IntegerField()
    comparisons = serializers.IntegerField(help_text="Those of this batch.")
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Requests by what became of them, as their results were read.",
    )
    vendor_counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="The same as the provider counts."
    )
    age_seconds = serializers.FloatField(help_text="From planning to now, or to the last result.")
    cost_usd = serializers.FloatField(help_text="Billed so far for this batch's comparisons.")
    planned_at = serializers.CharField()
    submitted_at = serializers.CharField(allow_null=True)
    ended_at = serializers.CharField(allow_null=True)
    cancel_requested_at = serializers.CharField(allow_null=True)
    error_message = NullIfBlank(allow_null=True)


class TroubleTold(serializers.Serializer[Any]):
    """A judge that serves nobody at the moment, while comparisons wait for it."""

    provider = serializers.CharField()
    model = serializers.CharField()
    kind = serializers.ChoiceField(
        ("failing", "paused"),
        help_text="failing: calls fail in a row. paused: the provider asked to be left alone.",
    )
    since = serializers.CharField(allow_null=True, help_text="Since when it fails.")
    until = serializers.CharField(
        help_text="When what still waits is given up (failing), or asked again (paused)."
    )
    error_type = serializers.CharField(allow_null=True)
    message = serializers.CharField(help_text="The last error.", allow_blank=True)
    words = serializers.CharField(help_text="All of it in one sentence.")


class LinksTold(serializers.Serializer[Any]):
    self = serializers.URLField()
    results = serializers.URLField()
    results_csv = serializers.URLField()
    report = serializers.URLField(help_text="A page for people.")
    run = serializers.URLField(help_text="Everything about the batch, as run.json.")
    pairs = serializers.URLField()
    cancel = serializers.URLField()
