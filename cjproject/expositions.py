"""What a scrape gets: the counts of this group of processes, and the state that the rows hold."""

import logging
from collections.abc import Iterator

from django.db import Error as DatabaseError
from prometheus_client import CollectorRegistry
from prometheus_client.core import REGISTRY, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from assessment import state_metrics as state_of_batches
from cjproject import metric_folders
from cjproject.health import database_answers
from llmprovider import state_metrics as state_of_the_queue
from llmprovider.contracts.log_events import tell

log = logging.getLogger(__name__)


def counts() -> CollectorRegistry:
    """Counters and histograms of this process, and of those that share its folder."""
    if not metric_folders.in_use():
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


class CountsAndState(CollectorRegistry):
    """The counts of this group, and the gauges from the rows. For one endpoint of the installation.

    While the database is away the gauges are missing, so that an alert on their absence fires. It
    is asked first: who waits for the pool instead answers when Prometheus has long gone.
    """

    def collect(self) -> Iterator[Metric]:
        yield from counts().collect()
        if not database_answers():
            return
        for state in (state_of_batches, state_of_the_queue):
            try:
                yield from list(state.collect())
            except DatabaseError as error:
                tell(log, logging.WARNING, "no_state_in_metrics", error=type(error).__name__)
                return
