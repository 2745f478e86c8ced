"""Whether scores have settled: one more wave would change little."""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import ArrayLike, FloatArray
from assessment.measurement.bradley_terry import Fit, fit
from assessment.measurement.reliability import NOT_SHOWN, Reliability, marginal_reliability

THRESHOLD = 0.20
MIN_COMPARISONS = 12
MIN_PER_ITEM = 6.0
MIN_RELIABILITY = 0.70
MIN_SUCCESS_RATE = 0.8


@dataclass(frozen=True)
class Stability:
    """`stable` when every condition holds; `reasons` names those that do not, in plain words.

    `max_score_change` is in SDs of the scores and scaled to floor(n / 2) new decisions; None when
    there is nothing to compare with.
    """

    stable: bool
    max_score_change: float | None
    reasons: tuple[str, ...]


def scaled_change(
    previous: ArrayLike, current: ArrayLike, *, n: int, new_successes: int
) -> float | None:
    """max |previous - current| / SD(current) * sqrt(floor(n / 2) / new_successes).

    Both (n,), in logits, fitted under one prior variance; each is centred first. None without new
    decisions or when the current scores do not differ at all.
    """
    before = np.asarray(previous, dtype=np.float64)
    now = np.asarray(current, dtype=np.float64)
    if before.shape != (n,) or now.shape != (n,):
        raise ValueError(f"expected {n} scores before and now, got {before.size} and {now.size}")
    if n < 2 or new_successes <= 0:
        return None
    spread = float(now.std(ddof=1))
    if spread <= 1e-12:
        return None
    moved = float(np.abs((before - before.mean()) - (now - now.mean())).max())
    return moved / spread * float(np.sqrt((n // 2) / new_successes))


def previous_scores(
    n: int,
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    n_previous: int,
    *,
    sigma: float,
    position_effect: bool = True,
) -> FloatArray | None:
    """Scores (n,) from the first `n_previous` of m decisions alone, under prior SD `sigma`.

    None when there are no earlier decisions.
    """
    if n_previous <= 0:
        return None
    earlier = slice(0, n_previous)
    refit = fit(
        n,
        np.asarray(first)[earlier],
        np.asarray(second)[earlier],
        np.asarray(first_won)[earlier],
        sigma=sigma,
        position_effect=position_effect,
        compute_se=False,
    )
    return refit.scores


def check_stability(
    previous: ArrayLike | None,
    current: Fit,
    *,
    n: int,
    successes: int,
    new_successes: int,
    success_rate: float,
    threshold: float = THRESHOLD,
    min_comparisons: int = MIN_COMPARISONS,
    min_success_rate: float = MIN_SUCCESS_RATE,
    min_per_item: float = MIN_PER_ITEM,
    min_reliability: float = MIN_RELIABILITY,
    reliability: Reliability | None = None,
) -> Stability:
    """Judge the scores after a wave; all conditions must hold (see `docs/measurement.md`).

    previous       scores (n,) at the last check, refitted under `current.sigma` (use
                   `previous_scores`); None at the first check
    successes      decisions with a winner so far; new_successes: since the last check
    success_rate   successes / (successes + failures), 0 to 1
    reliability    of `current`, if already computed
    """
    reasons: list[str] = []
    change: float | None = None
    if previous is None:
        reasons.append("no earlier scores to compare with")
    else:
        change = scaled_change(previous, current.scores, n=n, new_successes=new_successes)
    if successes < min_comparisons:
        reasons.append(f"{successes} decisions, {min_comparisons} needed")
    per_item = 2.0 * successes / n if n else 0.0
    if per_item < min_per_item:
        reasons.append(f"{per_item:.1f} comparisons per essay, {min_per_item:g} needed")
    if new_successes < n // 2 or new_successes <= 0:
        reasons.append(f"{new_successes} new decisions since the last check, {n // 2} needed")
    if previous is not None:
        if change is None:
            reasons.append("the scores do not differ yet")
        elif change > threshold:
            reasons.append(f"scores moved by up to {change:.2f} SD, {threshold:.2f} allowed")
    shown = reliability or marginal_reliability(current)
    if shown.value is None:
        reasons.append(f"reliability: {shown.reason or NOT_SHOWN}")
    elif shown.value < min_reliability:
        reasons.append(f"reliability {shown.value:.2f}, {min_reliability:.2f} needed")
    if success_rate < min_success_rate:
        reasons.append(f"success rate {success_rate:.0%}, {min_success_rate:.0%} needed")
    return Stability(not reasons, change, tuple(reasons))
