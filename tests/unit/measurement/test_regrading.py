"""Grades drawn anew with the anchors' errors, so that intervals know of the boundaries' error."""

from dataclasses import replace

import numpy as np
import pytest

from assessment.measurement.agreement import agreement
from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.grades import project_grades
from assessment.measurement.regrading import NO_GRADE, regrade
from assessment.measurement.scales import parse_scale
from tests.unit.measurement.decisions import Ints

SCALE = parse_scale("1,2,3,4,5,6")
ANCHORS = tuple(range(12))
STUDENTS = tuple(range(12, 52))


def _unbiased(seed: int) -> tuple[Fit, Ints]:
    """12 anchors, 2 a grade, and 40 students, judged by one who is neither kind nor harsh."""
    rng = np.random.default_rng(seed)
    levels = np.concatenate([np.arange(12) // 2, rng.integers(1, 5, 40)])
    truth = 2.0 * (levels + rng.normal(0.0, 0.29, 52))
    first = rng.integers(0, 52, 400)
    second = (first + rng.integers(1, 52, 400)) % 52
    won = rng.random(400) < 1 / (1 + np.exp(truth[second] - truth[first]))
    return fit(52, first, second, won, sigma=3.5), levels


def _anchors(levels: Ints) -> dict[int, str]:
    return {item: SCALE.labels[levels[item]] for item in ANCHORS}


def test_an_unbiased_judge_is_seldom_called_kind_or_harsh() -> None:
    """Drawing students alone, intervals of the mean difference missed 0 in a third of such runs."""
    missed = alone = 0
    flat = np.zeros(len(STUDENTS))  # scores without variety: the correlations are not wanted here
    for seed in range(30):
        scored, levels = _unbiased(seed)
        anchors = _anchors(levels)
        grades = project_grades(scored, anchors, SCALE).grades
        mine = [grades[item] for item in STUDENTS]
        theirs = [SCALE.labels[levels[item]] for item in STUDENTS]
        drawn = regrade(scored, anchors, SCALE, STUDENTS, replicates=100)
        whole = agreement(mine, theirs, SCALE, scores=flat, regraded=drawn)
        students = agreement(mine, theirs, SCALE, scores=flat, replicates=100)
        found, without = whole.mean_difference, students.mean_difference
        assert found.low is not None and found.high is not None
        assert without.low is not None and without.high is not None
        missed += not found.low <= 0.0 <= found.high
        alone += not without.low <= 0.0 <= without.high
    assert missed <= 4 < alone


def test_more_anchors_make_the_shared_error_smaller() -> None:
    """Anchors of the same scores and errors, twice as many: grades vary less from draw to draw."""
    spread = []
    for times in (1, 4):
        scores = [*np.repeat(np.arange(-5.0, 6.0, 2.0), 2 * times), 0.9, -1.1]
        n = len(scores)
        base = fit(n, range(n - 1), range(1, n), [1] * (n - 1), compute_se=False)
        scored = replace(base, scores=np.array(scores), se=np.full(n, 0.8), covariance=None)
        anchors = {item: SCALE.labels[item // (2 * times)] for item in range(12 * times)}
        drawn = regrade(scored, anchors, SCALE, [n - 2, n - 1])
        spread.append(float(drawn.std(axis=0).mean()))
    assert spread[1] < 0.7 * spread[0]


def test_the_same_seed_draws_the_same_grades() -> None:
    scored, levels = _unbiased(0)
    one, again = (
        regrade(scored, _anchors(levels), SCALE, STUDENTS, replicates=50) for _ in range(2)
    )
    assert np.array_equal(one, again)
    other = regrade(scored, _anchors(levels), SCALE, STUDENTS, replicates=50, seed=2)
    assert not np.array_equal(one, other)
    assert one.shape == (50, 40) and one.min() >= 0 and one.max() < len(SCALE)


def test_draws_stand_around_the_grades_given() -> None:
    scored, levels = _unbiased(3)
    grades = project_grades(scored, _anchors(levels), SCALE).grades
    given = [SCALE.index(grade) for item in STUDENTS if (grade := grades[item])]
    drawn = regrade(scored, _anchors(levels), SCALE, STUDENTS)
    assert drawn.mean(axis=0) == pytest.approx(given, abs=0.6)


def test_a_step_that_no_anchor_shows_varies_too() -> None:
    """With exact anchors of the outermost grades only, what lies between is still unsure."""
    n = 200
    scores = np.concatenate([np.full(98, -5.0), np.full(98, 5.0), [-2.5, -0.9, 0.9, 2.5]])
    base = fit(n, range(n - 1), range(1, n), [1] * (n - 1), compute_se=False)
    scored = replace(base, scores=scores, se=np.full(n, 1e-6), covariance=None)
    anchors = {item: "1" if item < 98 else "6" for item in range(196)}
    drawn = regrade(scored, anchors, SCALE, [196, 197, 198, 199])
    assert (drawn.std(axis=0) > 0.1).all()
    assert (np.diff(drawn, axis=1) >= 0).all()


def test_what_has_no_grade_is_not_drawn() -> None:
    apart = fit(5, [0, 1, 3] * 4, [1, 2, 4] * 4, [0, 0, 1] * 4)
    drawn = regrade(apart, {0: "1", 2: "4"}, SCALE, [1, 3], replicates=20)
    assert (drawn[:, 1] == NO_GRADE).all() and (drawn[:, 0] != NO_GRADE).any()
    one_grade = regrade(apart, {0: "1"}, SCALE, [1, 3], replicates=20)
    assert (one_grade == NO_GRADE).all()
    assert agreement(["1"], ["2"], SCALE, regraded=one_grade[:, :1]).mean_difference.low is None
    with pytest.raises(ValueError, match="differ in length"):
        agreement(["1"], ["2"], SCALE, regraded=one_grade)
