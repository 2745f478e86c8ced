"""Grades from anchors: soft where unsure, in logits, never pretended."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.grades import project_grades
from assessment.measurement.scales import SCALES, Scale, parse_scale
from tests.unit.measurement.decisions import simulate

LETTERS = parse_scale("F,E,D,C,B,A")


def _scored(scores: Sequence[float], se: float = 0.3) -> Fit:
    """A fit whose scores and errors are as given; all items count as connected."""
    n = len(scores)
    base = fit(n, list(range(n - 1)), list(range(1, n)), [1] * (n - 1), compute_se=False)
    return replace(base, scores=np.array(scores), se=np.full(n, se))


@pytest.mark.parametrize("seed", range(20))
def test_an_essay_at_the_score_of_the_only_anchor_of_a_grade_gets_that_grade(seed: int) -> None:
    """P-58, whatever the distances between anchors."""
    rng = np.random.default_rng(seed)
    steps = rng.exponential(1.0, 6) + 0.01
    scores = np.cumsum(steps) - steps.sum() / 2
    result = project_grades(
        _scored([*scores, *scores], se=float(rng.uniform(0.05, 1.0))),
        dict(enumerate(LETTERS.labels)),
        LETTERS,
    )
    assert result.grades[6:] == LETTERS.labels
    assert [LETTERS.labels[k] for k in result.probabilities[6:].argmax(axis=1)] == list(
        LETTERS.labels
    )


def test_an_essay_on_a_boundary_has_two_grades_alike() -> None:
    """P-57."""
    anchors = {0: "E", 1: "D", 2: "D", 3: "C", 4: "B"}
    scores = [-2.0, -0.9, -0.7, 0.5, 2.5]
    boundaries = project_grades(_scored([*scores, 0.0]), anchors, LETTERS).boundaries
    for boundary in boundaries:
        result = project_grades(_scored([*scores, boundary.logit]), anchors, LETTERS)
        lower, upper = (LETTERS.index(name) for name in (boundary.lower, boundary.upper))
        assert abs(result.probabilities[5, lower] - result.probabilities[5, upper]) < 0.1
        assert result.probabilities[5, [lower, upper]].sum() > 0.5
        assert result.confidence[5] in ("LOW", "MID")


def test_probabilities_are_soft_and_sum_to_one() -> None:
    result = project_grades(_scored([-2, 0, 2, 0.4], se=0.6), {0: "E", 1: "D", 2: "C"}, LETTERS)
    assert np.nansum(result.probabilities, axis=1) == pytest.approx(1.0)
    assert 0.5 < np.nanmax(result.probabilities[3]) < 0.95


def test_a_grade_that_no_anchor_reaches_has_no_chance_rather_than_none() -> None:
    """D, held by no anchor, lies between two that are; F and A lie outside, so nobody knows."""
    result = project_grades(_scored([-2.0, 2.0, -4.0]), {0: "E", 1: "B"}, LETTERS)
    assert np.isnan(result.probabilities[:, [LETTERS.index("F"), LETTERS.index("A")]]).all()
    between = [LETTERS.index(label) for label in "EDCB"]
    assert np.isfinite(result.probabilities[:, between]).all()


def test_a_surer_score_gives_a_surer_grade() -> None:
    anchors = {0: "E", 1: "D", 2: "C"}
    sure = project_grades(_scored([-2, 0, 2, 0.1], se=0.1), anchors, LETTERS)
    unsure = project_grades(_scored([-2, 0, 2, 0.1], se=0.9), anchors, LETTERS)
    assert np.nanmax(sure.probabilities[3]) > np.nanmax(unsure.probabilities[3])
    assert sure.confidence[3] == "HIGH" and unsure.confidence[3] != "HIGH"


def test_more_anchors_make_boundaries_surer() -> None:
    few = project_grades(_scored([-1, 1]), {0: "E", 1: "D"}, LETTERS)
    many = project_grades(
        _scored([-1.1, -0.9, -1.0, 1.1, 0.9, 1.0]),
        {0: "E", 1: "E", 2: "E", 3: "D", 4: "D", 5: "D"},
        LETTERS,
    )
    assert many.boundaries[0].se < few.boundaries[0].se
    assert many.boundaries[0].logit == pytest.approx(few.boundaries[0].logit, abs=1e-9)


def test_spread_inside_a_grade_counts_and_distance_between_grades_does_not() -> None:
    """P-59."""
    near = project_grades(_scored([0.0, 0.2, 1.0, 1.2], 0.05), dict(enumerate("EEDD")), LETTERS)
    far = project_grades(_scored([0.0, 0.8, 4.0, 4.8], 0.05), dict(enumerate("EEDD")), LETTERS)
    assert near.within_grade_sd is not None and far.within_grade_sd is not None
    assert far.within_grade_sd == pytest.approx(4 * near.within_grade_sd, rel=0.1)
    assert near.within_grade_sd < 0.4


def test_a_grade_without_anchors_is_possible_between_two_that_have_them() -> None:
    result = project_grades(_scored([-2.0, 2.0, 0.1, -0.7, 0.7]), {0: "E", 1: "B"}, LETTERS)
    assert result.grades[3:] == ("D", "C")
    assert result.probabilities[2, LETTERS.index("D")] > 0.2
    assert result.probabilities[2, LETTERS.index("C")] > 0.2
    assert [b.lower + b.upper for b in result.boundaries] == ["ED", "DC", "CB"]


def test_nothing_is_extrapolated_past_the_anchors() -> None:
    result = project_grades(_scored([-1.0, 1.0, -4.0, 5.0]), {0: "E", 1: "D"}, LETTERS)
    assert result.grades[2:] == ("E", "D")
    assert result.beyond == (None, None, "below_lowest", "above_highest")
    assert result.confidence[2:] == ("LOW", "LOW")
    assert np.isnan(result.thresholds[[0, 2, 3, 4]]).all()


def test_the_end_of_the_scale_may_be_sure() -> None:
    result = project_grades(_scored([-2.0, 2.0, -4.0], 0.2), {0: "F", 1: "E"}, LETTERS)
    assert result.beyond[2] == "below_lowest" and result.confidence[2] == "HIGH"


@pytest.mark.parametrize("anchors", [{}, {0: "E"}, {0: "E", 1: "E"}])
def test_fewer_than_two_grades_project_nothing(anchors: dict[int, str]) -> None:
    """P-62: null grades, no probabilities, no confidence."""
    result = project_grades(_scored([-1.0, 1.0, 0.0]), anchors, LETTERS)
    assert result.grades == result.confidence == (None, None, None)
    assert np.isnan(result.probabilities).all() and not result.projected
    assert result.reason == "needs anchors of at least two different grades"


def test_anchors_of_two_grades_that_never_met_say_so() -> None:
    """P-62: the reason must be the true one: there are two grades, but nothing connects them."""
    apart = fit(4, [0, 2] * 5, [1, 3] * 5, [1, 0] * 5)
    result = project_grades(apart, {0: "E", 2: "D"}, LETTERS)
    assert not result.projected
    assert result.reason == "no two anchors of different grades are connected by comparisons"


def test_anchors_in_reverse_order_project_nothing() -> None:
    result = project_grades(_scored([1.0, -1.0, 0.0]), {0: "E", 1: "D"}, LETTERS)
    assert not result.projected and len(result.inversions) == 1
    assert result.reason == "the anchors' scores do not rise with their grades"


def test_inversions_are_listed_although_boundaries_stay_in_order() -> None:
    """P-56."""
    anchors = {0: "E", 1: "D", 2: "C", 3: "B"}
    result = project_grades(_scored([-2.0, 0.6, 0.1, 2.0], se=0.1), anchors, LETTERS)
    assert [(i.better, i.worse) for i in result.inversions] == [(2, 1)]
    assert result.inversions[0].gap == pytest.approx(0.5)
    logits = [boundary.logit for boundary in result.boundaries]
    assert logits == sorted(logits)


def test_each_anchor_is_graded_by_the_others() -> None:
    anchors = {0: "E", 1: "E", 2: "D", 3: "D", 4: "C", 5: "C"}
    result = project_grades(_scored([-2, -1.8, 0, 1.9, 2.2, 2.0]), anchors, LETTERS)
    checks = {check.item: check for check in result.anchor_checks}
    assert checks[3].projected == "C" and checks[3].steps == 1
    assert checks[2].projected == "D" and checks[2].steps == 0
    only = project_grades(_scored([-2, 0, 2]), {0: "E", 1: "D", 2: "C"}, LETTERS)
    assert only.anchor_checks[0].projected is None


def test_essays_never_compared_with_the_anchors_get_no_grade() -> None:
    result = project_grades(
        fit(5, [0, 1, 3] * 4, [1, 2, 4] * 4, [0, 0, 1] * 4), {0: "E", 2: "D"}, LETTERS
    )
    assert result.grades[1] is not None
    assert result.grades[3:] == (None, None)
    assert "never compared" in (result.reason or "")


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda scale: scale.name)
def test_every_grade_of_every_scale_can_be_projected(scale: Scale) -> None:
    """P-60."""
    scores = np.linspace(-3, 3, len(scale))
    result = project_grades(_scored([*scores, 0.0]), dict(enumerate(scale.labels)), scale)
    assert result.grades[: len(scale)] == scale.labels


def test_it_refuses_unknown_items_and_labels() -> None:
    with pytest.raises(ValueError, match="outside 0..2"):
        project_grades(_scored([0, 1, 2]), {7: "E"}, LETTERS)
    with pytest.raises(ValueError, match="not a grade"):
        project_grades(_scored([0, 1, 2]), {0: "Z"}, LETTERS)


def test_stated_chances_come_true() -> None:
    """Over many simulated batches the stated chance of the grade is near its hit rate."""
    stated, hits = [], []
    for seed in range(15):
        session = simulate(70, 20, 2.0, seed)
        truth = np.digitize(session.truth, [-2.4, -1.2, 0.0, 1.2, 2.4])
        anchors: dict[int, str] = {}
        for grade in range(6):
            for item in np.flatnonzero(truth == grade)[:2]:
                anchors[int(item)] = LETTERS.labels[grade]
        result = project_grades(fit(*session.decisions), anchors, LETTERS)
        for item in range(70):
            label = result.grades[item]
            if item not in anchors and label is not None:
                stated.append(result.probabilities[item, LETTERS.index(label)])
                hits.append(label == LETTERS.labels[truth[item]])
    assert len(hits) > 500
    assert np.mean(stated) == pytest.approx(np.mean(hits), abs=0.1)
