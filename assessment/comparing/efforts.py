"""What a run took: calls, tokens, money and time."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from assessment.reports.schema import RunDocument


@dataclass(frozen=True)
class Effort:
    """Of one run. Tokens are as billed, failed calls included; input includes the cached part.

    comparisons     with a verdict
    usd             the known part; None where no price is known
    incomplete      calls whose price, or bill, is not known
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
    usd: float | None
    incomplete: int
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
        usd=cost["usd"],
        incomplete=cost.get("unpriced_calls", 0) + cost.get("unanswered_calls", 0),
        seconds=_seconds(document["run"]["started_at"], document["run"]["finished_at"]),
        call_seconds=median(latencies) if latencies else None,
        waves=document["batch"]["waves"],
        rounds=sum(wave.get("rounds", 1) for wave in document["waves"]),
    )


def _seconds(begun: str, ended: str | None) -> float | None:
    if ended is None:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
