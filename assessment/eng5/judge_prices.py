"""Prices given on the command line, for judges that have no list price or another one."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from assessment.eng5.bad_options import BadOption
from llmprovider.contracts import GivenPrice


def judge_prices(given: Sequence[str], judges: Sequence[str]) -> dict[str, GivenPrice]:
    """`[PROVIDER:MODEL=]INPUT/OUTPUT`, in USD per million tokens, by judge as it was named.

    The name may be left out where there is one judge. Raises BadOption for anything else.
    """
    prices: dict[str, GivenPrice] = {}
    for text in given:
        name, named, amounts = text.rpartition("=")
        if not named:
            if len(judges) != 1:
                raise BadOption(
                    f"--price {text}: say whose it is, as in --price PROVIDER:MODEL={text}"
                )
            name = judges[0]
        if name not in judges:
            known = ", ".join(judges) or "none: give one with --judge"
            raise BadOption(f"--price {text}: no judge is named {name}. The judges are {known}")
        if name in prices:
            raise BadOption(f"--price: {name} has two prices. Give one")
        prices[name] = _price(amounts, text)
    return prices


def _price(amounts: str, text: str) -> GivenPrice:
    try:
        into, out = (Decimal(part.strip().removeprefix("$")) for part in amounts.split("/"))
        return GivenPrice(input_per_million=into, output_per_million=out)
    except (ValueError, InvalidOperation, ValidationError):
        raise BadOption(
            f"--price {text}: give USD per million input and output tokens, as in 0.20/0.80"
        ) from None
