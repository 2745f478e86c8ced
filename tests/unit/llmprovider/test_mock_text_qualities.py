"""Without a truth table the mock judge orders texts by features, roughly as people would."""

import csv
from pathlib import Path

import pytest
from scipy.stats import spearmanr

from llmprovider.providers.text_qualities import HIGHEST, LOWEST, quality_of

SAMPLES = Path(__file__).parents[3] / "samples"
STEPS = ["F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A"]


def graded(folder):
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            path = folder / f"{row['role']}s" / row["file"]
            yield path.read_text(encoding="utf-8"), row["grade"]


def test_it_orders_the_samples_sensibly_and_spreads_them_over_the_scale():
    texts, grades = zip(*graded(SAMPLES), strict=True)
    qualities = [quality_of(text) for text in texts]
    assert spearmanr(qualities, [STEPS.index(grade) for grade in grades]).statistic > 0.75
    assert min(qualities) < 1.5
    assert max(qualities) > 6.5


def test_it_goes_with_the_grades_that_people_gave(shared):
    texts, grades = zip(*graded(shared / "data" / "essays"), strict=True)
    qualities = [quality_of(text) for text in texts]
    assert spearmanr(qualities, [float(grade) for grade in grades]).statistic > 0.6


def test_it_gains_nothing_from_sheer_length():
    paragraph = (
        "Public transport matters, because it connects villages that would otherwise be cut off. "
        "When the last bus disappears, pupils lose their clubs, and pensioners lose their doctor.\n"
        "\n"
    )
    assert quality_of(paragraph * 20) <= quality_of(paragraph * 6) + 0.1


@pytest.mark.parametrize("text", ["", "...", "漢字漢字", "a", "a" * 10_000, "\n\n", "x " * 5_000])
def test_it_has_a_number_for_any_text(text):
    assert LOWEST <= quality_of(text) < HIGHEST
