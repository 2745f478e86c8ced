"""What went wrong in a run: failed calls and comparisons by provider and error type."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from assessment.reports.schema import RunDocument

Kind = tuple[str, str]


@dataclass(frozen=True)
class Failures:
    """`by_kind`: how many failed, by (provider, error type); `asked`: how many there were."""

    asked: dict[str, int]
    by_kind: dict[Kind, int]

    @property
    def failed(self) -> int:
        return sum(self.by_kind.values())

    def rate(self, kind: Kind) -> float | None:
        """Of what this provider was asked."""
        asked = self.asked.get(kind[0], 0)
        return self.by_kind.get(kind, 0) / asked if asked else None


def failed_calls(document: RunDocument) -> Failures:
    """Calls whose answer was an error, or of no use; requests of batch jobs count as calls."""
    return _failures((call["provider"], call["error_type"]) for call in document["calls"])


def failed_comparisons(document: RunDocument) -> Failures:
    """Comparisons that ended without a verdict, after all retries."""
    return _failures(
        (row["provider"], (row["error"] or {}).get("error_type")) for row in document["comparisons"]
    )


def _failures(asked: Iterable[tuple[str, str | None]]) -> Failures:
    providers: Counter[str] = Counter()
    kinds: Counter[Kind] = Counter()
    for provider, error in asked:
        providers[provider] += 1
        if error is not None:
            kinds[provider, error] += 1
    return Failures(dict(providers), dict(kinds))
