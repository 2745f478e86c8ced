"""Bradley-Terry scores with a Gaussian prior, and how sure they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from assessment.measurement.arrays import ArrayLike, BoolArray, FloatArray, IntArray
from assessment.measurement.comparisons import gather
from assessment.measurement.covariances import posterior_spread
from assessment.measurement.evidence import (
    HYPER_SCALE,
    Evidence,
    estimate,
    weigh,
    weigh_nothing,
)
from assessment.measurement.models import Model
from assessment.measurement.modes import Mode, find_mode


@dataclass(frozen=True, eq=False)
class Fit:
    """Scores of n items in logits, and what is known about them. Arrays have shape (n,).

    scores       posterior mode; mean 0 unless some scores were fixed
    se           posterior SD of score minus mean score, from the full covariance. Never 0 except
                 for a fixed item (known by decree). sigma for a lone item. nan when not computed
    comparisons  decisions each item took part in (sum of weights)
    wins         decisions each item won; a tie counts half
    component    connected part of the comparison graph, 0, 1, ...; scores of items in different
                 parts are not comparable, whatever their difference
    sigma        prior SD of the scores; inf without a prior
    gamma        position effect: extra log odds of whatever is shown first; se in gamma_se (both
                 0 when not estimated)
    covariance   (n, n) posterior covariance of the centred scores for n <= 2,000, else None
    """

    scores: FloatArray
    se: FloatArray
    comparisons: FloatArray
    wins: FloatArray
    component: IntArray
    n_components: int
    sigma: float
    sigma_estimated: bool
    gamma: float
    gamma_se: float
    covariance: FloatArray | None = field(repr=False)
    fixed: BoolArray = field(repr=False)
    iterations: int
    converged: bool
    model: Model = field(repr=False)
    evidence: Evidence | None = field(repr=False)

    @property
    def n(self) -> int:
        """Number of items."""
        return int(self.scores.size)

    @property
    def values(self) -> FloatArray:
        """All parameters: scores, then gamma and the free items' mean where estimated."""
        gamma = self.gamma if self.model.position_effect else 0.0
        return self.model.initial(self.scores, gamma)

    @cached_property
    def log_likelihood_ratio(self) -> float:
        """Log marginal likelihood at sigma minus that at sigma = 0, at least 0; nan with no prior.

        Computed when first asked for.
        """
        if not self.model.precision:
            return float("nan")
        chosen = self.evidence or weigh(self.model, self.sigma, self.values)
        nothing = weigh_nothing(self.model, chosen.mode.values)
        return max(0.0, chosen.value - nothing.value)


def fit(
    n: int,
    first: ArrayLike,
    second: ArrayLike,
    first_won: ArrayLike,
    *,
    sigma: float | None = None,
    fixed: Mapping[int, float] | None = None,
    position_effect: bool = True,
    start: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    prior: bool = True,
    compute_se: bool = True,
) -> Fit:
    """Fit scores to m decisions between items 0..n-1.

    first, second  item numbers (m,): which was shown first and which second
    first_won      (m,) true where the first won; numbers from 0 to 1 allow ties (0.5)
    sigma          prior SD in logits; None estimates it from the data
    fixed          known scores, item -> logits; they set the zero of the scale
    position_effect  whether to estimate what being shown first is worth; switch it off when the
                   order shown is not on record (say, when the winner is always listed first)
    start          scores (n,) to start from, such as the last wave's; changes speed, not results
    weights        (m,) weight of each decision, 1 by default
    prior          False fits by maximum likelihood, which exists only where a chain of wins leads
                   from every item to every other
    compute_se     False leaves out standard errors (nan), for speed

    Any data gives finite scores as long as there is a prior: no decisions, one item, an item that
    won everything, a graph in pieces. Raises ValueError for malformed input, and where maximum
    likelihood is asked for and does not exist.
    """
    comparisons = gather(n, first, second, first_won, weights)
    known, is_fixed = _fixed_scores(n, fixed)
    if sigma is not None and not (prior and np.isfinite(sigma) and sigma > 0):
        raise ValueError("sigma must be a positive number, and needs prior=True")
    given = (sigma if sigma is not None else HYPER_SCALE) if prior else np.inf
    model = Model(comparisons, is_fixed, known, given, position_effect)
    if not prior and not comparisons.maximum_likelihood_exists(is_fixed):
        raise ValueError(
            "maximum likelihood has no finite answer here: some items never won or never lost "
            "against the rest; fit with the prior"
        )
    begin = model.initial(_start_scores(n, start))
    evidence: Evidence | None = None
    if sigma is None and prior:
        evidence = estimate(model, begin, _first_guess(start))
        model, mode = evidence.mode.curvature.model, evidence.mode
    else:
        mode = find_mode(model, begin)
    return _describe(model, mode, evidence, sigma is None and prior, compute_se)


def _describe(
    model: Model, mode: Mode, evidence: Evidence | None, estimated: bool, compute_se: bool
) -> Fit:
    n, pairs = model.n, model.comparisons
    se, covariance = np.full(n, np.nan), None
    gamma_se = np.nan if model.position_effect else 0.0
    if compute_se:
        spread = posterior_spread(mode.curvature)
        se, covariance = np.sqrt(spread.variances), spread.covariance
        gamma_se = float(np.sqrt(spread.gamma_variance))
        if n == 1 and not model.anchored:
            se = np.full(n, model.sigma)
    parts, component = pairs.components
    return Fit(
        scores=mode.values[:n].copy(),
        se=se,
        comparisons=pairs.shown,
        wins=pairs.wins,
        component=component,
        n_components=parts,
        sigma=model.sigma,
        sigma_estimated=estimated,
        gamma=float(mode.values[n]) if model.position_effect else 0.0,
        gamma_se=gamma_se,
        covariance=covariance,
        fixed=model.fixed,
        iterations=mode.iterations,
        converged=mode.converged,
        model=model,
        evidence=evidence,
    )


def _fixed_scores(n: int, fixed: Mapping[int, float] | None) -> tuple[FloatArray, BoolArray]:
    known, is_fixed = np.zeros(n), np.zeros(n, dtype=np.bool_)
    for item, score in (fixed or {}).items():
        if not 0 <= item < n:
            raise ValueError(f"fixed names an item outside 0..{n - 1}: {item}")
        if not np.isfinite(score):
            raise ValueError(f"the fixed score of item {item} is not a finite number")
        known[item], is_fixed[item] = score, True
    return known, is_fixed


def _start_scores(n: int, start: ArrayLike | None) -> FloatArray | None:
    if start is None:
        return None
    scores = np.asarray(start, dtype=np.float64)
    if scores.shape != (n,) or not bool(np.isfinite(scores).all()):
        raise ValueError(f"start must hold {n} finite scores")
    return scores


def _first_guess(start: ArrayLike | None) -> float:
    if start is None:
        return 1.5
    spread = float(np.std(np.asarray(start, dtype=np.float64))) if np.size(start) > 1 else 0.0
    return float(np.clip(spread, 0.3, 6.0))
