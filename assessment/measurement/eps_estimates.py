"""The estimate that human comparative-judgement tools print, for comparison with them.

Scores solve "expected wins = adjusted wins", where an item with w wins out of c counts as
eps + (c - 2 eps) w / c (Robitzsch's sirt::btm, eps 0.3; used by No More Marking). Standard errors
come from the diagonal of the information alone, so they are too small.
"""

from dataclasses import dataclass

import numpy as np

from assessment.measurement.arrays import ArrayLike, FloatArray, IntArray
from assessment.measurement.comparisons import Comparisons, gather, tally
from assessment.measurement.models import Model
from assessment.measurement.residuals import chance_of_first, misfit_of_items
from assessment.measurement.solvers import conjugate_gradients

EPS = 0.3
MAX_ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class EpsEstimate:
    """Arrays have shape (n,); items without decisions have theta 0 and nan elsewhere.

    theta            scores in logits, mean 0 within each connected part (parts: `component`)
    se               1 / sqrt(diagonal information)
    infit, outfit    misfit; 1 is expected
    ssr_mle          scale separation reliability 1 - mean(se^2) / var(theta)
    separation_g     G = SD(theta) / sqrt(mean(se^2)), with the observed SD
    ssr_g            G^2 / (1 + G^2)
    The three are None with fewer than two items or no spread. Never report SSR as reliability when
    pairs were chosen by score: it is near .95 on coin tosses.
    """

    theta: FloatArray
    se: FloatArray
    infit: FloatArray
    outfit: FloatArray
    component: IntArray
    n_components: int
    ssr_mle: float | None
    separation_g: float | None
    ssr_g: float | None
    converged: bool


def eps_estimate(
    n: int,
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    *,
    eps: float = EPS,
) -> EpsEstimate:
    """Fit m decisions between items 0..n-1 (arrays as in `bradley_terry.fit`).

    The adjusted wins need not sum to the number of decisions; the difference is spread evenly over
    the items of a connected part, so that a solution exists. Raises ValueError for malformed input
    or eps outside 0..0.5.
    """
    if not 0 < eps <= 0.5:
        raise ValueError(f"eps must lie above 0 and at most at 0.5, got {eps}")
    pairs = gather(n, first, second, first_won)
    parts, component = pairs.components
    theta, information, converged = _solve(pairs, _adjusted_wins(pairs, eps), component, parts)
    met = pairs.shown > 0
    with np.errstate(divide="ignore"):
        se = np.where(met, 1.0 / np.sqrt(information), np.nan)
    misfit = misfit_of_items(n, first, second, first_won, chance_of_first(theta, first, second))
    error = float(np.mean(se[met] ** 2)) if met.any() else 0.0
    spread = float(np.var(theta[met], ddof=1)) if met.sum() > 1 else 0.0
    known = error > 0 and spread > 0
    return EpsEstimate(
        theta=theta,
        se=se,
        infit=misfit.infit,
        outfit=misfit.outfit,
        component=component,
        n_components=parts,
        ssr_mle=1.0 - error / spread if known else None,
        separation_g=float(np.sqrt(spread / error)) if known else None,
        ssr_g=spread / (spread + error) if known else None,
        converged=converged,
    )


def _adjusted_wins(pairs: Comparisons, eps: float) -> FloatArray:
    shown = pairs.shown
    share = np.divide(pairs.wins, shown, out=np.full(pairs.n, 0.5), where=shown > 0)
    return np.where(shown > 0, eps + (shown - 2 * eps) * share, 0.0)


def _solve(
    pairs: Comparisons, goal: FloatArray, component: IntArray, parts: int
) -> tuple[FloatArray, FloatArray, bool]:
    n = pairs.n
    model = Model(pairs, np.zeros(n, dtype=np.bool_), np.zeros(n), np.inf, False)
    size = np.maximum(tally(component, np.ones(n), parts), 1.0)
    excess = goal - pairs.wins
    # What is left, pairs.wins - expected, sums to zero in every part already.
    excess -= (tally(component, excess, parts) / size)[component]
    theta = np.zeros(n)
    for _ in range(MAX_ITERATIONS):
        slope, curvature = model.derivatives(theta)
        diagonal = np.maximum(curvature.diagonal, 1e-300)
        step = conjugate_gradients(curvature.times, slope + excess, diagonal, 1e-3)
        step -= (tally(component, step, parts) / size)[component]
        largest = float(np.abs(step).max(initial=0.0))
        theta = theta + step * min(1.0, 1.0 / max(largest, 1e-300))
        if largest < 1e-9:
            return theta, curvature.diagonal, True
    return theta, model.derivatives(theta)[1].diagonal, False
