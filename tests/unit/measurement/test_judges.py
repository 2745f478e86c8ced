"""Judges: agreement, misfit, exclusion; essays to look at."""

import numpy as np
import pytest

from assessment.measurement.bradley_terry import fit
from assessment.measurement.grades import project_grades
from assessment.measurement.judges import (
    decisions_without,
    infit_z,
    judge_statistics,
    misfit_limit,
)
from assessment.measurement.residuals import chance_of_first, misfit_of_items
from assessment.measurement.reviews import essays_to_review
from assessment.measurement.scales import parse_scale
from tests.unit.measurement.decisions import Session, simulate


def _with_a_random_judge() -> tuple[Session, list[str]]:
    session = simulate(30, 40, 1.5, 4)
    judges = [f"judge {row % 6}" for row in range(session.first.size)]
    rng = np.random.default_rng(0)
    won = session.first_won.copy()
    own = np.array(judges) == "judge 5"
    won[own] = rng.random(int(own.sum())) < 0.5
    return Session(session.truth, session.first, session.second, won), judges


def test_a_judge_who_tosses_coins_stands_out() -> None:
    session, judges = _with_a_random_judge()
    found = judge_statistics(
        fit(*session.decisions), session.first, session.second, session.first_won, judges
    )
    assert [judge.judge for judge in found] == [f"judge {k}" for k in range(6)]
    assert [judge.judge for judge in found if judge.misfits] == ["judge 5"]
    odd = found[5]
    assert odd.agreement is not None and odd.expected_agreement is not None
    assert odd.agreement < odd.expected_agreement - 0.1
    assert odd.infit > 1.2


def test_a_coin_tosser_stands_out_among_few_and_among_many() -> None:
    """Mean + 2 SDs cannot be reached by one of four judges, however odd."""
    for judges, per_item in ((4, 20), (33, 55)):
        session = simulate(60, per_item, 1.5, 3)
        member = np.arange(session.first.size) % judges
        won = session.first_won.copy()
        won[member == 0] = np.random.default_rng(1).random(int((member == 0).sum())) < 0.5
        labels = [f"judge {number:02}" for number in member]
        whole = fit(60, session.first, session.second, won)
        found = judge_statistics(whole, session.first, session.second, won, labels)
        assert [judge.judge for judge in found if judge.misfits] == ["judge 00"]


@pytest.mark.parametrize("judges", [4, 33])
def test_judges_who_are_all_alike_are_seldom_marked(judges: int) -> None:
    """About one session of 20, however many judges; mean + 2 SDs marked one in 80 % with 33."""
    marked = 0
    for seed in range(80):
        session = simulate(40, 40, 1.2, seed)
        whole = fit(*session.decisions, sigma=1.2, compute_se=False)
        chance = chance_of_first(whole.scores, session.first, session.second, whole.gamma)
        member = np.arange(session.first.size) % judges
        found = infit_z(judges, member, session.first_won.astype(float), chance)
        marked += any((z or 0.0) > misfit_limit(judges) for z in found)
    assert marked <= 11


def test_two_judges_cannot_be_told_apart() -> None:
    session = simulate(20, 20, 1.5, 0)
    labels = [f"judge {row % 2}" for row in range(session.first.size)]
    found = judge_statistics(
        fit(*session.decisions), session.first, session.second, session.first_won, labels
    )
    assert [(judge.infit_z, judge.misfits) for judge in found] == [(None, False)] * 2


def test_leaving_a_bad_judge_out_brings_scores_nearer_the_truth() -> None:
    session, judges = _with_a_random_judge()
    keep = decisions_without(judges, ["judge 5"])
    everyone = fit(*session.decisions)
    without = fit(30, session.first[keep], session.second[keep], session.first_won[keep])
    assert without.sigma > everyone.sigma
    assert keep.sum() == 500
    with pytest.raises(ValueError, match="no decisions by nobody"):
        decisions_without(judges, ["nobody"])


def test_a_lone_judge_has_nobody_to_agree_with() -> None:
    session = simulate(10, 6, 1.0, 0)
    found = judge_statistics(
        fit(*session.decisions),
        session.first,
        session.second,
        session.first_won,
        ["one"] * session.first.size,
    )
    assert found[0].agreement is None and not found[0].misfits


def test_it_names_essays_to_look_at_and_why() -> None:
    session = simulate(20, 12, 1.5, 1)
    scored = fit(22, session.first, session.second, session.first_won)
    chance = chance_of_first(scored.scores, session.first, session.second)
    misfit = misfit_of_items(22, session.first, session.second, session.first_won, chance)
    order = np.argsort(scored.scores[:20])
    anchors = {int(order[3]): "E", int(order[10]): "D", int(order[16]): "C"}
    projection = project_grades(scored, anchors, parse_scale("F,E,D,C,B,A"))
    found = {r.item: r.reasons for r in essays_to_review(scored, misfit, projection)}
    assert "few_comparisons" in found[20] and "not_connected" in found[20]
    assert "beyond_anchors" in found[int(order[0])]
    assert not essays_to_review(fit(*simulate(12, 8, 1.0, 2).decisions))
