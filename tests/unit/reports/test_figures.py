"""Figures read the same way everywhere in a report."""

import pytest

from assessment.reports import figures


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.234, "+1.23"), (-1.234, "−1.23"), (0.0, "0.00"), (-0.001, "0.00"), (None, "–")],
)
def test_it_gives_scores_a_sign(value: float | None, words: str) -> None:
    assert figures.signed(value) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (0.004, "< 1 %"),
        (0.5, "50 %"),
        (0.996, "> 99 %"),
        (1.0, "100 %"),
        (None, "–"),
    ],
)
def test_it_never_rounds_a_chance_to_certainty(share: float | None, words: str) -> None:
    """A probability near one is not shown as one (P-57)."""
    assert figures.percent(share).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("usd", "words"),
    [(0, "USD 0.00"), (0.000123, "USD 0.000123"), (12.5, "USD 12.50"), (None, "–")],
)
def test_it_does_not_round_small_costs_away(usd: float | None, words: str) -> None:
    assert figures.money(usd).replace("\u00a0", " ") == words


def test_it_writes_the_interval_of_95_percent() -> None:
    assert figures.interval(0.0, 1.0) == "−1.96 to +1.96"
    assert figures.interval(0.0, None) == "–"


@pytest.mark.parametrize(
    ("timestamp", "words"),
    [
        ("2026-03-02T09:04:12Z", "2 March 2026, 09:04 UTC"),
        ("2026-03-02T10:04:12+01:00", "2 March 2026, 09:04 UTC"),
        ("yesterday", "yesterday"),
    ],
)
def test_it_writes_times_in_utc(timestamp: str, words: str) -> None:
    assert figures.moment(timestamp) == words
