"""Reliability stays right when the project itself chooses the pairs."""

import numpy as np
import pytest
from scipy.special import expit

from assessment.measurement.bradley_terry import fit
from assessment.measurement.reliability import marginal_reliability
from assessment.pairing.states import PairingState
from assessment.pairing.waves import Strategy, plan_wave
from tests.unit.measurement.decisions import Session


def _judged_in_waves(strategy: Strategy, n: int, per_item: int, sd: float, seed: int) -> Session:
    rng = np.random.default_rng(seed)
    truth = rng.normal(0.0, sd, n)
    pairs = np.zeros((0, 2), dtype=np.intp)
    won = np.zeros(0, dtype=np.bool_)
    scores, budget = None, n * per_item // 2
    for wave in range(budget):
        if len(pairs) >= budget:
            break
        state = PairingState(
            n=n,
            is_anchor=np.zeros(n, dtype=np.bool_),
            first=pairs[:, 0],
            second=pairs[:, 1],
            succeeded=np.ones(len(pairs), dtype=np.bool_),
            scores=scores,
        )
        size = min(budget - len(pairs), n // 2 if strategy == "balanced" else budget)
        shown = plan_wave(state, strategy=strategy, size=size, seed=seed, wave=wave).pairs
        chance = expit(truth[shown[:, 0]] - truth[shown[:, 1]])
        won = np.concatenate([won, rng.random(len(shown)) < chance])
        pairs = np.concatenate([pairs, shown])
        scores = fit(n, pairs[:, 0], pairs[:, 1], won, compute_se=False, start=scores).scores
    return Session(truth, pairs[:, 0], pairs[:, 1], won)


@pytest.mark.parametrize("sd", [1.0, 2.0])
@pytest.mark.parametrize("strategy", ["balanced", "blocks"])
def test_it_prints_what_true_scores_bear_out(strategy: Strategy, sd: float) -> None:
    differences = []
    for seed in range(8):
        session = _judged_in_waves(strategy, 60, 16, sd, seed)
        result = fit(*session.decisions)
        value = marginal_reliability(result).value or 0.0
        differences.append(value - np.corrcoef(session.truth, result.scores)[0, 1] ** 2)
    assert abs(np.mean(differences)) <= 0.05


@pytest.mark.parametrize("strategy", ["balanced", "blocks"])
def test_it_stays_silent_on_coin_tosses(strategy: Strategy) -> None:
    values = []
    for seed in range(40):
        session = _judged_in_waves(strategy, 20, 10, 0.0, seed)
        values.append(marginal_reliability(fit(*session.decisions)).value)
    assert np.mean([value is None for value in values]) >= 0.85
