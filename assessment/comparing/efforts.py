"""What a run took: calls, tokens, money and time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from assessment.reports.schema import RunDocument


@dataclass(frozen=True)
class Effort:
    """Of one run. Tokens are as billed, failed calls included; input includes the cached part.

    comparisons     with a verdict
    sendings        of a comparison to a judge, counted over all calls
    again           sendings beyond the first of each comparison; None where the calls do not tell
    usd             the known part; None where no price is known
    unpriced        calls answered by a model whose price is not known
    unanswered      calls without an answer, and so without a bill that is known
    usd_at_most     `usd` and what those may cost; None where a price, or that, is not known
    seconds         from the run's creation to its end
    call_seconds    median of the live calls' answers
    """

    comparisons: int
    calls: int
    jobs: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    reasoning_tokens: int
    sendings: int
    again: int | None
    usd: float | None
    unpriced: int
    unanswered: int
    usd_at_most: float | None
    seconds: float | None
    call_seconds: float | None
    waves: int
    rounds: int

    def each(self, amount: float | None) -> float | None:
        """`amount` per comparison with a verdict."""
        return amount / self.comparisons if amount is not None and self.comparisons else None

    @property
    def cached(self) -> float | None:
        """Share of the input tokens that were read from the provider's prompt cache."""
        return self.cache_read_tokens / self.input_tokens if self.input_tokens else None


def effort(document: RunDocument) -> Effort:
    calls, cost = document["calls"], document["cost"]
    sendings = sum(call["items"] for call in calls)

    def tokens(name: str) -> int:
        return sum(call.get(name) or 0 for call in calls)

    latencies = [
        call["latency_ms"] / 1000
        for call in calls
        if call.get("latency_ms") is not None and not call.get("job_id")
    ]
    return Effort(
        comparisons=document["batch"]["completed"],
        calls=cost["calls"],
        jobs=len(document.get("jobs", ())),
        input_tokens=tokens("input_tokens"),
        output_tokens=tokens("output_tokens"),
        cache_read_tokens=tokens("cache_read_tokens"),
        reasoning_tokens=tokens("reasoning_tokens"),
        sendings=sendings,
        again=_again(document, sendings),
        usd=cost["usd"],
        unpriced=cost.get("unpriced_calls", 0),
        unanswered=cost.get("unanswered_calls", 0),
        usd_at_most=_at_most(cost),
        seconds=_seconds(document["run"]["started_at"], document["run"]["finished_at"]),
        call_seconds=median(latencies) if latencies else None,
        waves=document["batch"]["waves"],
        rounds=sum(wave.get("rounds", 1) for wave in document["waves"]),
    )


def _again(document: RunDocument, sendings: int) -> int | None:
    """A comparison that failed before anybody was asked was never sent."""
    sent = sum(
        bool(row["winner"]) or (row["error"] or {}).get("attempts", 1) > 0
        for row in document["comparisons"]
    )
    return sendings - sent if sendings >= sent else None


def _at_most(cost: Mapping[str, Any]) -> float | None:
    more = cost.get("unanswered_at_most_usd", None if cost.get("unanswered_calls") else 0.0)
    if cost["usd"] is None or more is None or cost.get("unpriced_calls"):
        return None
    return float(cost["usd"]) + float(more)


def _seconds(begun: str, ended: str | None) -> float | None:
    if ended is None:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
