"""How far this process's metrics have moved since a moment: the registry lives as long as it."""

from collections.abc import Iterable

from prometheus_client import REGISTRY
from prometheus_client.core import Metric


def samples_of(families: Iterable[Metric]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


class Meter:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self._before = samples_of(REGISTRY.collect())

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """By the values of these labels, what the samples of this name gained; zeros left out."""
        gained: dict[tuple[str, ...], float] = {}
        for (sample, pairs), value in samples_of(REGISTRY.collect()).items():
            more = value - self._before.get((sample, pairs), 0.0)
            if sample == name and more:
                found = dict(pairs)
                key = tuple(found[label] for label in labels)
                gained[key] = gained.get(key, 0.0) + more
        return gained

    def total(self, name: str) -> float:
        return sum(self.by(name).values())
