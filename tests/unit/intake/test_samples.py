"""The samples that ship with the project are a complete, readable run."""

from collections import Counter
from pathlib import Path

import pytest

from assessment.intake import EssayFile, grades_for, read_folders, read_text, read_truth

SAMPLES = Path(__file__).parents[3] / "samples"
LEGACY = ["F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A"]


@pytest.fixture(scope="module")
def essays() -> tuple[list[EssayFile], list[EssayFile]]:
    return read_folders(SAMPLES / "anchors", SAMPLES / "students")


def test_it_has_one_anchor_per_grade_and_24_students(
    essays: tuple[list[EssayFile], list[EssayFile]],
) -> None:
    anchors, students = essays
    grades = grades_for(anchors, LEGACY)
    assert list(grades.values()) == LEGACY
    assert grades_for(anchors, LEGACY, SAMPLES / "grades.csv") == grades
    assert len(students) == 24


def test_it_knows_the_quality_of_every_essay(
    essays: tuple[list[EssayFile], list[EssayFile]],
) -> None:
    anchors, students = essays
    truth = read_truth(SAMPLES / "grades.csv", anchors + students, LEGACY)
    assert len(truth) == 33
    assert set(Counter(truth[essay.sha256] for essay in students)) == set(range(9))


def test_its_essays_cannot_be_ranked_by_their_length(
    essays: tuple[list[EssayFile], list[EssayFile]],
) -> None:
    """A judge that only counts words must not look good on the samples."""
    _, students = essays
    truth = read_truth(SAMPLES / "grades.csv", students, LEGACY)
    assert all(80 <= essay.words <= 225 for essay in students)
    pairs = [
        (one.words - other.words) * (truth[one.sha256] - truth[other.sha256])
        for one in students
        for other in students
        if one.name < other.name
    ]
    concordant = sum(pair > 0 for pair in pairs)
    discordant = sum(pair < 0 for pair in pairs)
    assert (concordant - discordant) / len(pairs) < 0.3


@pytest.mark.parametrize("name", ["task.md", "rubric.md"])
def test_it_has_a_task_and_a_rubric(name: str) -> None:
    assert len(read_text(SAMPLES / name).split()) > 50
