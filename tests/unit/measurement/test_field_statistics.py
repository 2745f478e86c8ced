"""What human comparative-judgement tools print, against published values and by hand."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from assessment.measurement.eps_estimates import eps_estimate
from assessment.measurement.orders import order_agreement
from assessment.measurement.residuals import chance_of_first, surprises
from assessment.measurement.split_halves import split_half
from assessment.measurement.triads import circular_triads
from tests.unit.measurement.decisions import consistent, simulate

SSR = {
    "Bisson2016_algebra": 0.8484,
    "Holmes2017": 0.8299,
    "Settembri2018": 0.7343,
    "StadthagenGonzalez2019_eng-to-spa": 0.9405,
}


@dataclass(frozen=True)
class Published:
    decisions: tuple[int, list[int], list[int], list[int]]
    columns: dict[str, list[float]]


def _published(shared: Path, name: str) -> Published:
    folder = shared / "data" / "human_judgements"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    with (folder / f"{name}.expected.csv").open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["individual"])
    place = {row["individual"]: number for number, row in enumerate(rows)}
    with (folder / f"{name}.csv").open() as file:
        made = list(csv.DictReader(file))
    chosen = [place[row["candidate_chosen"]] for row in made]
    other = [place[row["candidate_not_chosen"]] for row in made]
    columns = {
        column: [float(row[column]) for row in rows]
        for column in ("theta", "se", "infit", "outfit")
    }
    return Published((len(rows), chosen, other, [1] * len(made)), columns)


@pytest.mark.parametrize("name", SSR)
def test_it_agrees_with_published_sessions(shared: Path, name: str) -> None:
    published = _published(shared, name)
    result = eps_estimate(*published.decisions)
    theta = np.array(published.columns["theta"])
    # Scores are defined within a connected part only: compare them there.
    for part in range(result.n_components):
        inside = result.component == part
        mine, theirs = result.theta[inside], theta[inside]
        assert mine - mine.mean() == pytest.approx(theirs - theirs.mean(), abs=0.01)
    assert result.se == pytest.approx(published.columns["se"], abs=0.01)
    assert result.infit == pytest.approx(published.columns["infit"], abs=0.01)
    assert result.outfit == pytest.approx(published.columns["outfit"], abs=0.01)
    assert result.ssr_mle == pytest.approx(SSR[name], abs=0.002)
    assert result.n_components == (5 if name.startswith("Stadthagen") else 1)


def test_it_names_both_kinds_of_separation() -> None:
    result = eps_estimate(*simulate(40, 12, 1.5, 0).decisions)
    assert result.separation_g is not None and result.ssr_mle is not None
    square = result.separation_g**2
    assert result.ssr_mle == pytest.approx(1 - 1 / square)
    assert result.ssr_g == pytest.approx(square / (1 + square))


def test_it_stays_finite_where_an_item_always_wins_and_one_was_never_judged() -> None:
    result = eps_estimate(4, [0, 0, 0, 1], [1, 2, 1, 2], [1, 1, 1, 1])
    assert result.converged and np.isfinite(result.theta).all()
    assert result.theta[0] == result.theta.max()
    assert np.isnan(result.se[3]) and np.isnan(result.infit[3])
    assert eps_estimate(3, [], [], []).ssr_mle is None


def test_a_judge_like_the_model_fits_near_one() -> None:
    session = simulate(60, 30, 1.5, 0)
    result = eps_estimate(*session.decisions)
    assert np.mean(result.infit) == pytest.approx(1.0, abs=0.1)
    assert np.mean(result.outfit) == pytest.approx(1.0, abs=0.15)


def test_halves_agree_as_reliability_foretells() -> None:
    session = simulate(60, 30, 1.5, 3)
    halves = split_half(*session.decisions, sigma=1.5, repeats=10)
    assert halves.stepped_up == pytest.approx(0.9, abs=0.06)
    tosses = split_half(*simulate(60, 12, 0.0, 3).decisions, sigma=1.0, repeats=10)
    assert tosses.stepped_up is not None and abs(tosses.stepped_up) < 0.5


def test_halves_by_judges_see_differences_between_judges() -> None:
    """Two camps of judges that want opposite things agree within, not between, camps."""
    one, other = simulate(30, 20, 2.0, 1), simulate(30, 20, 2.0, 2)
    first, second = (
        np.concatenate([getattr(s, k) for s in (one, other)]) for k in ("first", "second")
    )
    won = np.concatenate([one.first_won, other.first_won])
    judges = ["x"] * one.first.size + ["y"] * other.first.size
    mixed = split_half(30, first, second, won, sigma=1.5, repeats=10)
    apart = split_half(30, first, second, won, sigma=1.5, repeats=10, judges=judges)
    assert mixed.correlation is not None and apart.correlation is not None
    assert apart.correlation < mixed.correlation - 0.3


def test_verdicts_in_both_orders_are_compared() -> None:
    same = order_agreement(3, [0, 1, 1, 2], [1, 0, 2, 1], [1, 0, 1, 1])
    assert same.pairs == 2 and same.agreement == 0.5 and same.first_share == 0.75
    assert same.low is not None and same.high is not None and same.low < 0.5 < same.high
    assert order_agreement(3, [0], [1], [1]).agreement is None


def test_circular_triads_are_counted() -> None:
    circle = circular_triads(4, [0, 1, 2, 0], [1, 2, 0, 3], [1, 1, 1, 1])
    assert (circle.complete, circle.circular, circle.share) == (1, 1, 1.0)
    straight = circular_triads(*consistent(12, 11, 0).decisions)
    assert straight.complete > 0 and straight.circular == 0
    tosses = circular_triads(*simulate(40, 60, 0.0, 0).decisions)
    assert tosses.share == pytest.approx(0.25, abs=0.04)


def test_the_most_surprising_decision_comes_first() -> None:
    first, second, won = [0, 0, 1], [1, 2, 2], [1, 0, 0]
    chance = chance_of_first(np.array([2.0, 0.0, -2.0]), first, second)
    found = surprises(first, second, won, chance)
    assert [(s.row, s.winner, s.loser) for s in found] == [(1, 2, 0), (2, 2, 1)]
    assert found[0].bits > found[1].bits > 2
