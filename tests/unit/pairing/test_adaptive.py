"""`adaptive`: the pairs that tell most, some random ones, and everything else as strict as ever."""

import numpy as np
import pytest

from assessment.measurement.bradley_terry import fit
from assessment.pairing import adaptive
from assessment.pairing.states import PairingState
from assessment.pairing.waves import plan_wave
from tests.unit.pairing.batches import participation
from tests.unit.pairing.test_coverage import fresh


def after_random_waves(n: int, waves: int, seed: int = 1, **changes) -> PairingState:
    """n essays after some waves of random pairs judged by chance, with a real fit."""
    rng = np.random.default_rng(seed)
    state = fresh(n, **changes)
    for wave in range(waves):
        pairs = plan_wave(state, strategy="balanced", size=n // 2, seed=seed, wave=wave).pairs
        state = state.after(pairs)
    truth = np.linspace(-2.5, 2.5, n)
    won = rng.logistic(size=len(state.first)) < truth[state.first] - truth[state.second]
    found = fit(n, state.first, state.second, won)
    return fresh(
        n,
        first=state.first,
        second=state.second,
        succeeded=state.succeeded,
        scores=found.scores,
        se=found.se,
        covariance=found.covariance,
        **changes,
    )


def pairs_of(state: PairingState):
    return np.stack([state.first, state.second], axis=1)


def planned(state: PairingState, strategy: str = "adaptive", size: int | None = None, wave=30):
    return plan_wave(state, strategy=strategy, size=size or state.n // 2, seed=3, wave=wave).pairs


def test_it_tells_more_than_random_pairs():
    """The posterior trace to expect after the wave is the smaller one."""
    state = after_random_waves(60, 10)

    def trace_after(pairs):
        precision = np.linalg.pinv(state.covariance)
        p = 1 / (1 + np.exp(state.scores[pairs[:, 1]] - state.scores[pairs[:, 0]]))
        for (a, b), weight in zip(pairs, p * (1 - p), strict=True):
            link = np.zeros(60)
            link[a], link[b] = 1.0, -1.0
            precision = precision + weight * np.outer(link, link)
        return np.trace(np.linalg.pinv(precision))

    blind = plan_wave(
        fresh(60, first=state.first, second=state.second, succeeded=state.succeeded),
        strategy="balanced",
        size=30,
        seed=3,
        wave=30,
    ).pairs
    before = np.trace(state.covariance)
    saved = before - trace_after(planned(state))
    assert saved > 1.15 * (before - trace_after(blind))


def test_it_keeps_a_share_of_random_pairs():
    """Pairs far apart by the scores: many while little is known, few later, never none at all."""

    def far(state):
        gaps = [
            np.abs(np.diff(state.scores[planned(state, wave=wave)], axis=1)) for wave in range(20)
        ]
        return float(np.mean(np.concatenate(gaps) > 1.5 * np.std(state.scores)))

    early, late = far(after_random_waves(100, 5)), far(after_random_waves(100, 12))
    assert early > late > 0.0


def test_it_does_not_trust_scores_that_tell_essays_apart_by_chance_only():
    """Scores closer together than their errors: pairs are random, or essays that look alike would
    meet each other alone, and nobody would find out how different they are."""
    scores = np.linspace(-0.5, 0.5, 60)
    state = fresh(60, scores=scores, se=np.full(60, 0.8)).after(pairs_of(after_random_waves(60, 5)))
    gaps = [np.abs(np.diff(scores[planned(state, wave=w)], axis=1)).mean() for w in range(10)]
    assert np.mean(gaps) == pytest.approx(1 / 3, rel=0.1)


def test_it_needs_no_scores_for_its_first_wave():
    assert participation(planned(fresh(24)), 24).tolist() == [1] * 24


def test_it_places_a_new_essay_by_anchors_near_it():
    """Nine well-known anchors and one essay a little above the middle that has met the lowest: it
    goes to an anchor near where it stands, as at the ends the verdict is known beforehand."""
    scores = np.append(np.linspace(-4.0, 4.0, 9), 0.7)
    state = fresh(
        10,
        is_anchor=np.arange(10) < 9,
        first=np.append(np.arange(8), 0),
        second=np.append(np.arange(1, 9), 9),
        succeeded=np.ones(9, dtype=np.bool_),
        scores=scores,
        se=np.append(np.full(9, 0.2), 0.9),
    )
    distances = []
    for seed in range(40):
        pairs = plan_wave(state, strategy="adaptive", size=5, seed=seed, wave=30).pairs
        partner = next(int(sum(pair) - 9) for pair in pairs.tolist() if 9 in pair)
        distances.append(abs(scores[partner] - 0.7))
    assert np.median(distances) <= 1.3


def test_it_prefers_the_unsure_among_equally_close_partners():
    """24 essays at two levels, half of each unsure: most of them meet one of their own kind."""
    se = np.array([1.2, 1.2, 0.2, 0.2] * 6)
    level = fresh(24, scores=np.repeat([-2.0, 2.0], 12), se=se, balance_positions=False)
    joined = level.after(np.stack([np.arange(23), np.arange(1, 24)], axis=1))
    alike = [np.ptp(se[pair]) == 0.0 for wave in range(20) for pair in planned(joined, wave=wave)]
    assert np.mean(alike) > 0.6


def test_it_weighs_every_pair_or_near_neighbours_alike(monkeypatch):
    """Large rounds look at neighbours only; the pairs are about as close."""
    state = after_random_waves(200, 10)
    close = []
    for limit in (adaptive.ALL_PAIRS_LIMIT, 50):
        monkeypatch.setattr(adaptive, "ALL_PAIRS_LIMIT", limit)
        pairs = planned(state)
        assert participation(pairs, 200).tolist() == [1] * 200
        close.append(np.abs(np.diff(state.scores[pairs], axis=1)).mean())
    assert close[1] == pytest.approx(close[0], rel=0.35)


def test_it_plans_large_waves():
    """10,000 essays with standard errors alone: everybody once, positions as even as can be."""
    n = 10_000
    rng = np.random.default_rng(2)
    ring = np.arange(n)
    state = fresh(
        n,
        first=ring,
        second=np.roll(ring, -1),
        succeeded=np.ones(n, dtype=np.bool_),
        scores=rng.normal(0.0, 1.5, n),
        se=rng.uniform(0.4, 0.9, n),
    )
    pairs = planned(state)
    assert participation(pairs, n).tolist() == [1] * n


def test_it_plans_the_same_wave_from_the_same_seed():
    state = after_random_waves(40, 6)
    assert planned(state).tolist() == planned(state).tolist()
    assert planned(state).tolist() != planned(state, wave=31).tolist()


def test_it_fills_waves_larger_than_disjoint_pairs():
    """P-40: several rounds, no pair twice, each essay equally often."""
    state = after_random_waves(20, 4)
    pairs = planned(state, size=40)
    assert participation(pairs, 20).tolist() == [4] * 20
    seen = {tuple(sorted(pair)) for pair in pairs_of(state).tolist()}
    new = {tuple(sorted(pair)) for pair in pairs.tolist()}
    assert len(new) == 40 and not new & seen


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"se": np.ones(3)}, "se has shape"),
        ({"covariance": np.ones((4, 3))}, "covariance has shape"),
        ({"se": np.full(4, np.nan)}, "se must be finite"),
    ],
)
def test_it_refuses_an_uncertainty_that_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        fresh(4, scores=np.zeros(4), **changes)
