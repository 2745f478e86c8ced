"""Costs in a report: an unknown price is said so, never shown as nothing."""

from collections.abc import Mapping
from typing import Any

from assessment.reports.figures import count, money, plural


def cost_value(cost: Mapping[str, Any]) -> str:
    """What was paid as far as it is known, of a run or of one judge."""
    if cost["usd"] is None:
        return "unknown"
    known = money(cost["usd"])
    if cost.get("unpriced_calls"):
        return f"over {known}"
    return f"{known} or more" if cost.get("unanswered_calls") else known


def cost_meaning(cost: Mapping[str, Any]) -> str:
    """What stands behind a run's cost."""
    words = (
        f"{count(cost['input_tokens'])} tokens (pieces of words) read, "
        f"{count(cost['output_tokens'])} written."
    )
    if unpriced := cost.get("unpriced_calls"):
        words += f" No price is known for {plural(unpriced, 'call', 'calls')}."
    elif (each := cost.get("usd_per_comparison")) is not None:
        words += f" {money(each)} for each verdict, failed calls included."
    if unanswered := cost.get("unanswered_calls"):
        words += (
            f" The bill of {plural(unanswered, 'call', 'calls')} without an answer is not known: "
            f"at most {money(cost.get('unanswered_at_most_usd'))} more."
        )
    return words
