"""Sums of calls as lines of a table; an unknown price is said so, never shown as nothing."""

from collections.abc import Sequence

from llmprovider.costs.sums import CostSum, JudgeCost, total_of

COST_HEAD = ("judge", "calls", "compared", "tokens in", "cached", "tokens out", "USD", "each")


def cost_rows(costs: Sequence[JudgeCost]) -> list[tuple[str, ...]]:
    """A line for each judge (and day), then one for all, as `COST_HEAD` names the columns."""
    if not costs:
        return []
    return [*(_row(_name(cost), cost.sum) for cost in costs), _row("in all", total_of(costs))]


def _name(cost: JudgeCost) -> str:
    day = f"{cost.day} " if cost.day else ""
    return f"{day}{cost.provider}:{cost.model}{' (mock)' if cost.mock else ''}"


def _row(name: str, cost: CostSum) -> tuple[str, ...]:
    each = cost.usd_per_verdict
    return (
        name,
        f"{cost.calls:,}",
        f"{cost.verdicts:,}",
        f"{cost.input_tokens:,}",
        f"{cost.cache_read_tokens:,}",
        f"{cost.output_tokens:,}",
        _amount(cost),
        f"{each:,.6f}" if each is not None else "-",
    )


def _amount(cost: CostSum) -> str:
    known = cost.known_usd
    if known is None:
        return "unknown"
    return f"over {known:,.4f}" if cost.unpriced_calls else f"{known:,.4f}"
