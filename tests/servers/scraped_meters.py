"""What Prometheus has scraped from every process of a stack, held against the stack's rows.

The rows are in the stack's own database, so the comparison is made by a command in its environment:
`check` there, on the file of samples that the test has written.
"""

import json
from pathlib import Path

from tests.integration.metrics.accounts import (
    assert_the_batches_agree,
    assert_the_calls_agree,
    assert_the_jobs_agree,
    assert_the_queue_agrees,
)
from tests.integration.metrics.meters import Meter


class ScrapedMeter(Meter):
    """Counts of all processes together, from their start."""

    def __init__(self, samples: list[tuple[dict[str, str], float]]) -> None:
        self._samples = samples

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for sample, value in self._samples:
            if sample["__name__"] == name and value:
                key = tuple(sample[label] for label in labels)
                found[key] = found.get(key, 0.0) + value
        return found


def check(path: str) -> None:
    """Raises AssertionError where a count is not that of the rows."""
    meter = ScrapedMeter(json.loads(Path(path).read_text()))
    assert_the_queue_agrees(meter)
    assert_the_calls_agree(meter)
    assert_the_jobs_agree(meter)
    assert_the_batches_agree(meter)
