"""What a batch would take, told before it is created; nothing is stored or sent."""

from typing import Any

from rest_framework import serializers

from assessment.api.parts import WarningTold
from assessment.lifecycle.creating.rehearsals import most_comparisons
from assessment.lifecycle.creating.specs import BatchRefused, BatchSpec

# Planned pair by pair: 1,000 comparisons take half a second of a server's processor in each mode.
MOST_IN_EVERY_MODE = 5_000
MOST_PLANNED = 20_000


def compares_modes(spec: BatchSpec) -> bool:
    """Whether a plan tells of every mode. Raises BatchRefused where it would take too long."""
    most = most_comparisons(spec)
    if most > MOST_PLANNED:
        raise BatchRefused(
            "max_comparisons_override",
            f"a plan may have {MOST_PLANNED:,} comparisons at most, and these are {most:,}. Plan "
            "fewer: what they take grows with their number",
        )
    return most <= MOST_IN_EVERY_MODE


class ModePlanTold(serializers.Serializer[Any]):
    """What it takes in one mode, if it goes on to its last comparison. Costs in USD."""

    llm_batching_mode = serializers.CharField()
    batch_fill = serializers.CharField(allow_null=True)
    max_jobs = serializers.IntegerField(help_text="Jobs at providers' batch services.")
    pairing_strategy = serializers.CharField()
    planned_comparisons = serializers.IntegerField()
    first_wave = serializers.IntegerField(help_text="Comparisons of the first wave.")
    money_cap_pays_for = serializers.IntegerField(
        allow_null=True, help_text="Comparisons, about; null without a cap or a price."
    )
    max_waves = serializers.IntegerField()
    max_provider_calls = serializers.IntegerField(help_text="Calls made again come on top.")
    texts_sent = serializers.IntegerField(help_text="How often an essay is sent.")
    texts_per_comparison = serializers.FloatField()
    input_tokens = serializers.IntegerField(help_text="Likely.")
    output_tokens = serializers.IntegerField(help_text="Likely.")
    reasoning_tokens = serializers.IntegerField(help_text="Of the output; the least certain part.")
    most_input_tokens = serializers.IntegerField()
    most_output_tokens = serializers.IntegerField()
    input_tokens_per_comparison = serializers.FloatField()
    ratio_to_per_request = serializers.FloatField(
        allow_null=True, help_text="Of the input tokens a comparison; null without that mode."
    )
    cost_likely_usd = serializers.FloatField(
        allow_null=True, help_text="At list prices; null where no price is known, as below."
    )
    cost_with_prompt_cache_usd = serializers.FloatField(allow_null=True)
    cost_at_batch_price_usd = serializers.FloatField(allow_null=True)
    cost_at_most_usd = serializers.FloatField(
        allow_null=True, help_text="With the longest answers allowed; retries come on top."
    )


class RunPlanTold(ModePlanTold):
    """The batch's own mode, and every mode open to it."""

    students = serializers.IntegerField()
    anchors = serializers.IntegerField()
    possible_pairs = serializers.IntegerField()
    max_comparisons = serializers.IntegerField(help_text="It may stop sooner.")
    total_budget = serializers.IntegerField()
    judges = serializers.ListField(child=serializers.CharField())
    money_cap_usd = serializers.FloatField(allow_null=True)
    modes = ModePlanTold(many=True)


class PlanTold(serializers.Serializer[Any]):
    """As `manage.py eng5 plan --json` prints it."""

    plan = RunPlanTold()
    warnings = WarningTold(many=True, help_text="What is certain before anything is judged.")
