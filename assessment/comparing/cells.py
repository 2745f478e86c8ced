"""Figures of a comparison as the cells of its tables."""

from collections.abc import Iterator

from assessment.comparing.efforts import Effort
from assessment.comparing.failures import Failures, Kind
from assessment.comparing.shares import Share
from assessment.measurement.bootstraps import Measure
from assessment.pairing.balances import Evenness
from assessment.reports.figures import MISSING, count, decimal, money


def measured(measure: Measure) -> Iterator[str]:
    yield decimal(measure.value)
    yield _range(measure.low, measure.high)


def shared(share: Share) -> Iterator[str]:
    yield count(share.n)
    yield percentage(share.value)
    low, high = share.interval or (None, None)
    yield f"{percentage(low)} to {percentage(high)}" if share.n else MISSING


def _range(low: float | None, high: float | None) -> str:
    return MISSING if low is None or high is None else f"{decimal(low)} to {decimal(high)}"


def evenness(found: Evenness | None) -> str:
    if found is None:
        return MISSING
    return f"{decimal(found.chi_square)}, {found.df} df, p {decimal(found.p, 3)}"


def cost(effort: Effort) -> str:
    if effort.usd is None:
        return "unknown"
    if effort.unpriced:
        return f"over {money(effort.usd)}"
    return _known_to_most(effort.usd, effort.usd_at_most)


def cost_of_each(effort: Effort) -> str:
    each = effort.each(effort.usd)
    if each is None or effort.unpriced:
        return MISSING
    return _known_to_most(each, effort.each(effort.usd_at_most))


def _known_to_most(known: float, most: float | None) -> str:
    if most is None:
        return f"{money(known)} or more"
    return money(known) if money(known) == money(most) else f"{money(known)} to {money(most)}"


def percentage(share: float | None) -> str:
    return MISSING if share is None else f"{100 * share:.1f} %"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return MISSING
    if seconds < 120:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def rate(found: Failures, kind: Kind) -> str:
    return f"{count(found.by_kind.get(kind, 0))} ({percentage(found.rate(kind))})"


def asked_again(effort: Effort) -> str:
    if effort.again is None:
        return MISSING
    return f"{count(effort.again)} ({percentage(Share(effort.again, effort.sendings).value)})"
