"""`eng5 costs`: what calls took, by judge, for a batch or for the last days."""

import json
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from assessment.eng5.bad_options import BadOption
from assessment.eng5.batches import find_batch
from assessment.eng5.running import require_tables
from assessment.eng5.tables import Output, write_table
from assessment.reports.figures import plural
from llmprovider.contracts import bills
from llmprovider.contracts.bills import COST_HEAD, CostSum, JudgeCost, cost_rows

DEFAULT_DAYS = 7


def costs(options: Namespace, out: Output, err: Output) -> bool:
    """Print the costs of one batch, or of every call of the last days."""
    require_tables()
    if options.batch and options.days is not None:
        raise BadOption("give either --batch or --days, not both")
    if options.batch:
        batch = find_batch(options.batch)
        found = bills.costs_of_batch(str(batch.pk))
        title = f"Costs of batch {batch.pk}"
    else:
        days = options.days or DEFAULT_DAYS
        found = bills.costs_by_day(_start_of(timezone.now(), days))
        title = f"Costs of the last {days} days (a day is a day in UTC)"
    if options.json:
        out.write(json.dumps(costs_document(found), indent=1))
        return True
    out.write(title)
    _write(found, out)
    return True


def _start_of(now: datetime, days: int) -> datetime:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)


def costs_document(found: Sequence[JudgeCost]) -> dict[str, Any]:
    """Costs as JSON; `usd` is null where no price is known."""
    return {
        "costs": [
            {
                "day": cost.day.isoformat() if cost.day else None,
                "provider": cost.provider,
                "model": cost.model,
                "mock": cost.mock,
                **_figures(cost.sum),
            }
            for cost in found
        ],
        "total": _figures(bills.total_of(found)),
        "currency": "USD",
    }


def _figures(cost: CostSum) -> dict[str, Any]:
    return {
        "calls": cost.calls,
        "comparisons": cost.verdicts,
        "input_tokens": cost.input_tokens,
        "cache_read_tokens": cost.cache_read_tokens,
        "output_tokens": cost.output_tokens,
        "reasoning_tokens": cost.reasoning_tokens,
        "usd": _number(cost.known_usd),
        "usd_per_comparison": _number(cost.usd_per_verdict),
        "unpriced_calls": cost.unpriced_calls,
        "unanswered_calls": cost.unanswered_calls,
        "unanswered_at_most_usd": _number(cost.reserved_usd),
    }


def _write(found: Sequence[JudgeCost], out: Output) -> None:
    if not found:
        out.write("  no calls")
        return
    write_table(COST_HEAD, cost_rows(found), out)
    out.write("  compared: verdicts; each: USD for one verdict, failed calls included.")
    total = bills.total_of(found)
    if total.unpriced_calls:
        out.write(
            f"  {plural(total.unpriced_calls, 'call has', 'calls have')} no known price, and "
            "no part in the sums. Give the judge one with --price."
        )
    if total.unanswered_calls:
        out.write(
            f"  {plural(total.unanswered_calls, 'call has', 'calls have')} no answer yet, or "
            f"never had one, and may cost up to ${total.reserved_usd:,.4f} more."
        )


def _number(amount: Decimal | None) -> float | None:
    return float(amount) if amount is not None else None
