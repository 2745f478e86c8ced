"""How many comparisons a batch may hold, and how many of them the next wave takes."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

# One comparison ranks nothing.
FEWEST_COMPARISONS = 2


def eligible_pairs(n_students: int, n_anchors: int, compare_anchors: bool) -> int:
    """The unordered pairs that may be compared: all, or all but those of two anchors.

    Raises ValueError for a negative count.
    """
    if n_students < 0 or n_anchors < 0:
        raise ValueError(f"counts cannot be negative: {n_students} students, {n_anchors} anchors")
    n = n_students + n_anchors
    anchor_pairs = 0 if compare_anchors else n_anchors * (n_anchors - 1) // 2
    return n * (n - 1) // 2 - anchor_pairs


def eligible_among(
    is_anchor: Sequence[bool], texts: Sequence[Hashable], compare_anchors: bool
) -> int:
    """`eligible_pairs` of these essays, less the pairs of two essays with the same text.

    is_anchor: (n,). texts: (n,) equal where the texts are.
    """
    anchors = sum(is_anchor)
    alike = _pairs_alike(texts)
    if not compare_anchors:  # which has left out those of two anchors already
        alike -= _pairs_alike(text for text, anchor in zip(texts, is_anchor, strict=True) if anchor)
    return eligible_pairs(len(texts) - anchors, anchors, compare_anchors) - alike


def _pairs_alike(texts: Iterable[Hashable]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(texts).values())


def completion_denominator(
    total_budget: int | None, eligible: int, judgements_per_pair: int
) -> int:
    """What 100 % means: the budget, or every eligible pair as often as it may be judged.

    Raises ValueError for a missing or non-positive budget: an error of the caller, and never a
    reason to guess one.
    """
    budget = _checked_budget(total_budget)
    if eligible < 0:
        raise ValueError(f"the number of eligible pairs cannot be {eligible}")
    if judgements_per_pair < 1:
        raise ValueError(f"judgements_per_pair must be at least 1, not {judgements_per_pair}")
    return min(budget, eligible * judgements_per_pair)


def wave_size(n: int, *, minimum: int = 12, remaining: int) -> int:
    """max(minimum, floor(n / 2)) comparisons, cut to the `remaining` budget.

    A spent budget (0) gives 0. Raises ValueError for a minimum below 1 and for a negative
    remainder, which means that more was submitted than the budget allows.
    """
    if n < 0:
        raise ValueError(f"the number of essays cannot be {n}")
    if minimum < 1:
        raise ValueError(f"the smallest wave must be at least 1, not {minimum}")
    if remaining < 0:
        raise ValueError(f"the budget is overspent: {remaining} comparisons remain")
    return min(max(minimum, n // 2), remaining)


def _checked_budget(total_budget: int | None) -> int:
    if total_budget is None:
        raise ValueError("total_budget is missing; it is fixed when the batch is created")
    if total_budget <= 0:
        raise ValueError(f"total_budget must be positive, not {total_budget}")
    return total_budget
