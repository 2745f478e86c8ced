"""Prices given on the command line."""

from decimal import Decimal

import pytest

from assessment.eng5.bad_options import BadOption
from assessment.eng5.judge_prices import judge_prices
from llmprovider.contracts import GivenPrice, Overrides, TokenUsage
from llmprovider.costs.calls import call_cost

ONE, OTHER = "openai_compatible:local", "openai:gpt-4o"


def price(into: str, out: str) -> GivenPrice:
    return GivenPrice(input_per_million=Decimal(into), output_per_million=Decimal(out))


def test_the_only_judge_need_not_be_named() -> None:
    assert judge_prices(["0.20/0.80"], [ONE]) == {ONE: price("0.20", "0.80")}


def test_several_judges_have_prices_of_their_own() -> None:
    given = [f"{ONE}=0/0", f"{OTHER}=$2.5/$10"]
    assert judge_prices(given, [ONE, OTHER]) == {ONE: price("0", "0"), OTHER: price("2.5", "10")}


@pytest.mark.parametrize(
    ("given", "judges", "words"),
    [
        (["1/2"], [ONE, OTHER], "say whose it is"),
        (["openai:other=1/2"], [ONE], "no judge is named openai:other"),
        (["1/2", "1/3"], [ONE], "two prices"),
        (["1"], [ONE], "as in 0.20/0.80"),
        (["-1/2"], [ONE], "as in 0.20/0.80"),
        (["NaN/2"], [ONE], "as in 0.20/0.80"),
        (["a/b"], [ONE], "as in 0.20/0.80"),
    ],
)
def test_what_is_no_price_is_refused(given, judges, words) -> None:
    with pytest.raises(BadOption, match=words):
        judge_prices(given, judges)


def test_a_given_price_counts_before_a_list_price() -> None:
    usage = TokenUsage(input=1_000_000, output=100_000, cache_read=500_000)
    judge = Overrides(provider="openai", model="gpt-4o")
    listed = call_cost(judge, usage)
    assert listed is not None and listed > 0
    dearer = judge.model_copy(update={"price": price("3", "7")})
    assert call_cost(dearer, usage) == Decimal("3.7") != listed
    # Half in a batch job, as both vendors' batch services charge.
    assert call_cost(dearer, usage, batch=True) == Decimal("1.85")


def test_no_price_is_no_cost_of_nothing() -> None:
    judge = Overrides(provider="openai_compatible", model="local")
    assert call_cost(judge, TokenUsage(input=1_000)) is None
