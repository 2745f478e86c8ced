"""What is said beside the scores, and what is left out of very large fits."""

import numpy as np
import pytest

from assessment.fitting import diagnostics
from assessment.fitting.diagnostics import Diagnostics, diagnose
from assessment.measurement.bradley_terry import fit
from tests.unit.measurement.decisions import Session, round_robin, simulate


def diagnosed(session: Session, judges: int = 1, position_effect: bool = True) -> Diagnostics:
    whole = fit(*session.decisions, position_effect=position_effect)
    judge = np.arange(session.first.size) % judges
    return diagnose(
        whole,
        session.first,
        session.second,
        session.first_won.astype(float),
        [f"judge {number}" for number in range(judges)],
        judge,
    )


def test_a_lone_judge_agrees_with_nobody() -> None:
    found = diagnosed(simulate(20, 12, 1.5, seed=1))
    (judge,) = found.judges
    assert (judge.agreement, judge.comparisons) == (None, 120)
    assert 0.5 < judge.infit < 1.5
    assert found.split is not None and found.split_by_judges is None


def test_four_judges_are_split_two_against_two() -> None:
    found = diagnosed(simulate(20, 20, 1.5, seed=1), judges=4)
    assert len(found.judges) == 4
    assert all(0.5 < (judge.agreement or 0) <= 1 for judge in found.judges)
    assert found.split_by_judges is not None and found.split_by_judges.repeats > 0


def test_orders_are_compared_only_where_they_are_known() -> None:
    session = simulate(10, 12, 1.5, seed=1)
    assert diagnosed(session).order is not None
    assert diagnosed(session, position_effect=False).order is None


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("TRIAD_LIMIT", "circular triads"),
        ("SPLIT_HALF_LIMIT", "split half"),
        ("CONSENSUS_LIMIT", "agreement of each judge with the others"),
    ],
)
def test_what_would_take_long_is_left_out_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    session = round_robin(12, 1.5, seed=1)
    assert diagnosed(session, judges=5).left_out == ()
    monkeypatch.setattr(diagnostics, limit, 1)
    found = diagnosed(session, judges=5)
    assert found.left_out == (words,)
    assert len(found.judges) == 5


def test_judges_without_a_consensus_keep_their_misfit(monkeypatch: pytest.MonkeyPatch) -> None:
    session = round_robin(12, 1.5, seed=1)
    whole = diagnosed(session, judges=5).judges
    monkeypatch.setattr(diagnostics, "CONSENSUS_LIMIT", 1)
    quick = diagnosed(session, judges=5).judges
    for one, other in zip(whole, quick, strict=True):
        assert (one.judge, one.comparisons, one.misfits) == (
            other.judge,
            other.comparisons,
            other.misfits,
        )
        assert one.infit == pytest.approx(other.infit)
        assert one.first_share == pytest.approx(other.first_share)
        assert other.agreement is None


def test_no_decisions_have_no_diagnostics() -> None:
    empty = np.zeros(0, dtype=np.intp)
    found = diagnose(fit(3, [], [], []), empty, empty, np.zeros(0), [], empty)
    assert found.judges == () == found.surprises
    assert found.split is not None and found.split.repeats == 0
    assert {review.reasons for review in found.reviews} >= {("few_comparisons",)}
