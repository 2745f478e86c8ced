"""Counting once it is true: metrics move when the transaction that they tell of is committed.

What was rolled back, and so will be done again, counts nothing. A metric that cannot be kept never
fails the work that it counts.
"""

from collections.abc import Iterable

from django.db import transaction
from prometheus_client import Counter, Histogram


def count(counter: Counter, amount: float = 1, /, **labels: str) -> None:
    """Add `amount` to the counter's series with these labels; nothing is made for an amount of 0.

    Outside any transaction: at once.
    """
    if not amount:
        return

    def add() -> None:
        (counter.labels(**labels) if labels else counter).inc(amount)

    transaction.on_commit(add, robust=True)


def observe(histogram: Histogram, values: Iterable[float], /, **labels: str) -> None:
    """Note some observations in the histogram's series with these labels, as `count` counts."""
    noted = list(values)
    if not noted:
        return

    def note() -> None:
        series = histogram.labels(**labels) if labels else histogram
        for value in noted:
            series.observe(value)

    transaction.on_commit(note, robust=True)
