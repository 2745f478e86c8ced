"""How evenly essays were named first and second, and whether a fair coin would do worse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg
from scipy.special import chdtrc

from assessment.pairing.states import FloatArray, IntArray

UNEVEN_BELOW = 0.05


@dataclass(frozen=True)
class EssayBalance:
    """How often an essay was named first (A) and second (B)."""

    name: str
    is_anchor: bool
    first: int
    second: int

    @property
    def difference(self) -> int:
        return self.first - self.second


@dataclass(frozen=True)
class Evenness:
    """A chi-square test of "who is named first was left to a fair coin, pair by pair".

    p: how often such a coin would be at least as uneven. Near 1 the order is more even than a coin
    makes it, as balancing is meant to bring about; below 0.05 it is more uneven.
    """

    chi_square: float
    df: int
    p: float

    @property
    def uneven(self) -> bool:
        return self.p < UNEVEN_BELOW


@dataclass(frozen=True)
class Balance:
    """Positions in a batch.

    essays: the most uneven first, equally uneven ones by name.
    anchor_first, anchor_met: comparisons of an anchor with a student, and how many of them named
        the anchor first.
    anchors: the test of those, one degree of freedom; None without such comparisons.
    overall: the test of all essays at once; None without comparisons.
    """

    comparisons: int
    essays: tuple[EssayBalance, ...]
    anchor_first: int
    anchor_met: int
    anchors: Evenness | None
    overall: Evenness | None

    @property
    def worst(self) -> int:
        """Largest |A - B| of an essay."""
        return max((abs(essay.difference) for essay in self.essays), default=0)


def balance_of(
    names: Sequence[str], is_anchor: Sequence[bool], first: Sequence[int], second: Sequence[int]
) -> Balance:
    """Counts and tests for n essays and m comparisons.

    names, is_anchor: (n,). first, second: (m,) numbers of the essays named first and second. Leave
    out what the pair generator leaves out: comparisons that failed or were withdrawn. Raises
    ValueError where lengths differ or a number names no essay.
    """
    n = len(names)
    before: IntArray = np.asarray(first, dtype=np.int64)
    after: IntArray = np.asarray(second, dtype=np.int64)
    if len(is_anchor) != n or before.shape != after.shape:
        raise ValueError("names and roles, firsts and seconds must be as many as each other")
    both = np.concatenate([before, after])
    if len(both) and not 0 <= both.min() <= both.max() < n:
        raise ValueError(f"a comparison names none of the {n} essays")
    as_first = np.bincount(before, minlength=n)
    as_second = np.bincount(after, minlength=n)
    essays = sorted(
        map(EssayBalance, names, is_anchor, as_first.tolist(), as_second.tolist()),
        key=lambda essay: (-abs(essay.difference), essay.name),
    )
    anchor = np.asarray(is_anchor, dtype=np.bool_)
    mixed = anchor[before] != anchor[after]
    met, led = int(mixed.sum()), int((mixed & anchor[before]).sum())
    return Balance(
        comparisons=len(before),
        essays=tuple(essays),
        anchor_first=led,
        anchor_met=met,
        anchors=_tested((2 * led - met) ** 2 / met, 1) if met else None,
        overall=_overall(n, before, after) if len(before) else None,
    )


def _overall(n: int, first: IntArray, second: IntArray) -> Evenness:
    """d' L+ d for the differences d = A - B, with L the Laplacian of the comparisons.

    Under the coin d has mean 0 and covariance L: every comparison adds 1 to one essay's difference
    and takes 1 from the other's. So the form is chi-square with rank(L) = n - components degrees
    of freedom, nearly (Rao, 1973, 3b.4). The plain sum of d^2 / (A + B) is not: the essays'
    differences hang together.
    """
    ones = np.ones(len(first))
    meetings = coo_array((ones, (first, second)), shape=(n, n)).tocsr()
    meetings = csr_array(meetings + meetings.T)
    degree: FloatArray = np.asarray(meetings.sum(axis=1), dtype=np.float64)
    difference = (np.bincount(first, minlength=n) - np.bincount(second, minlength=n)).astype(float)
    components = int(connected_components(meetings, directed=False, return_labels=False))
    laplacian = diags_array(degree) - meetings
    # d sums to 0 in each component, so the singular system has a solution; any of them will do.
    scale = diags_array(1.0 / np.maximum(degree, 1.0))
    solution, _ = cg(laplacian, difference, rtol=1e-9, M=scale)
    return _tested(max(0.0, float(difference @ solution)), n - components)


def _tested(chi_square: float, df: int) -> Evenness:
    return Evenness(chi_square, df, float(chdtrc(df, chi_square)))
