"""How figures are written in a report: one way for each kind of number."""

from datetime import UTC, datetime

MISSING = "–"
Z95 = 1.959963984540054  # 97.5 % point of the normal distribution: a 95 % interval's half-width


def count(value: float | None) -> str:
    """A whole number with narrow gaps between thousands, or a dash."""
    return MISSING if value is None else f"{value:,.0f}".replace(",", "\u202f")


def signed(value: float | None, digits: int = 2) -> str:
    """A number on the scale, with its sign; zero has none."""
    if value is None:
        return MISSING
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"+{text}" if value > 0 else f"\u2212{text}"


def decimal(value: float | None, digits: int = 2) -> str:
    """A number with a fixed number of decimals and a proper minus sign, or a dash."""
    return MISSING if value is None else f"{value:.{digits}f}".replace("-", "\u2212")


def percent(share: float | None) -> str:
    """A share of 1 as a whole percentage; a share that is not quite 0 or 1 never reads so."""
    if share is None:
        return MISSING
    if 0 < share < 0.01:
        return "<\u00a01\u00a0%"
    if 0.99 < share < 1:
        return ">\u00a099\u00a0%"
    return f"{100 * share:.0f}\u00a0%"


def money(usd: float | None) -> str:
    """US dollars: cents from one cent up, more decimals below that."""
    if usd is None:
        return MISSING
    digits = 2 if usd == 0 or usd >= 0.01 else 6
    return f"USD\u00a0{usd:,.{digits}f}".replace(",", "\u202f")


def interval(score: float | None, se: float | None) -> str:
    """The 95 % interval `score ± 1.96 se`, in logits, or a dash."""
    if score is None or se is None:
        return MISSING
    return f"{signed(score - Z95 * se)} to {signed(score + Z95 * se)}"


def plural(number: float, one: str, many: str) -> str:
    """`1 wave`, `2 waves`."""
    return f"{count(number)} {one if number == 1 else many}"


def moment(timestamp: str | None) -> str:
    """An ISO 8601 time as day and time in UTC; what is not one is shown as it is."""
    if timestamp is None:
        return ""
    try:
        when = datetime.fromisoformat(timestamp)
    except ValueError:
        return timestamp
    if when.tzinfo is None:
        return timestamp
    utc = when.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"
