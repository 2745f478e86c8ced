"""Prices given for judges, the money cap of a run, and what `eng5 costs` tells afterwards."""

from dataclasses import replace
from decimal import Decimal

import pytest

from assessment.models import Batch
from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType, TokenUsage, bills
from llmprovider.models import ProviderCall
from llmprovider.providers.base import ProviderError
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.runner import eng5_here
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import bundle_of

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL = ("--judge", "openai_compatible:local", "--max-comparisons", "20")


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9/v1")


def test_a_given_price_makes_a_plan_of_a_model_without_one(essays, capsys) -> None:
    unknown = eng5_here(capsys, "plan", *essays, *LOCAL, "--json").succeeded().json["plan"]
    assert unknown["cost_likely_usd"] is unknown["cost_at_most_usd"] is None
    assert "unknown" in eng5_here(capsys, "plan", *essays, *LOCAL).succeeded().out
    options = [*essays, *LOCAL, "--price", "1/0"]
    plan = eng5_here(capsys, "plan", *options, "--json").succeeded().json["plan"]
    assert plan["cost_likely_usd"] == pytest.approx(plan["input_tokens"] / 1e6, rel=1e-3)
    assert plan["cost_at_most_usd"] == pytest.approx(plan["most_input_tokens"] / 1e6, rel=1e-3)


def test_a_money_cap_needs_a_price(essays, capsys) -> None:
    """T33: refused before anything is stored."""
    capped = [*essays, *LOCAL, "--money-cap", "0.50"]
    refused = eng5_here(capsys, "plan", *capped)
    assert refused.code == 2
    assert "no price is known for openai_compatible local" in refused.err
    planned = eng5_here(capsys, "plan", *capped, "--price", "1/2", "--json").succeeded().json
    assert planned["plan"]["money_cap_usd"] == 0.5
    assert not Batch.objects.exists()


def test_every_mode_stands_beside_the_others(essays, capsys) -> None:
    options = [*essays, *LOCAL, "--price", "1/2", "--json"]
    plan = eng5_here(capsys, "plan", *options).succeeded().json["plan"]
    modes = {mode["llm_batching_mode"]: mode for mode in plan["modes"]}
    assert modes["per_request"]["ratio_to_per_request"] == 1.0
    assert modes["per_request"]["max_provider_calls"] == 20
    bundled = modes["serial_bundle"]
    assert bundled["ratio_to_per_request"] < 0.5
    assert bundled["cost_likely_usd"] < modes["per_request"]["cost_likely_usd"]
    for mode in plan["modes"]:
        assert mode["cost_likely_usd"] < mode["cost_at_most_usd"]
    assert plan["input_tokens"] == bundled["input_tokens"]


def test_the_mock_judge_has_no_price(essays, capsys) -> None:
    refused = eng5_here(capsys, "plan", *essays, *MOCK, "--price", "1/2")
    assert refused.code == 2
    assert "costs nothing" in refused.err


def billed(request):
    usage = TokenUsage(input=1_000_000, output=100_000)
    return replace(judges.well(request), usage=usage)


def test_calls_are_billed_at_the_given_price(monkeypatch, capsys) -> None:
    judges.put_in(monkeypatch, billed, provider="openai_compatible")
    price = {"input_per_million": "0.5", "output_per_million": "2"}
    judge = {"provider": "openai_compatible", "model": "local", "price": price}
    process(str(bundle_of(4, overrides=judge).pk))
    call = ProviderCall.objects.get()
    assert (call.cost_usd, call.priced) == (Decimal("0.7"), True)
    told = eng5_here(capsys, "costs", "--json").succeeded().json
    (row,) = told["costs"]
    assert row["day"] == call.started_at.date().isoformat()
    assert (row["calls"], row["comparisons"], row["usd"]) == (1, 4, 0.7)
    assert row["usd_per_comparison"] == told["total"]["usd_per_comparison"] == 0.175
    assert "0.7000" in eng5_here(capsys, "costs", "--days", "2").succeeded().out


def test_an_unknown_price_is_said_so_and_never_nothing(monkeypatch, capsys) -> None:
    judges.put_in(monkeypatch, billed, provider="openai_compatible")
    bundle = bundle_of(4, overrides={"provider": "openai_compatible", "model": "local"})
    process(str(bundle.pk))
    told = eng5_here(capsys, "costs", "--json").succeeded().json
    assert told["total"]["usd"] is told["total"]["usd_per_comparison"] is None
    assert told["total"]["unpriced_calls"] == 1
    assert "unknown" in eng5_here(capsys, "costs").succeeded().out
    (call,) = bills.calls_of(bundle.batch_key)
    assert call["cost_usd"] is None


def test_a_sum_without_all_prices_is_a_lower_bound(monkeypatch, capsys) -> None:
    judges.put_in(monkeypatch, billed, provider="openai_compatible")
    judge = {"provider": "openai_compatible", "model": "local"}
    price = {"input_per_million": "0.5", "output_per_million": "2"}
    for overrides in (judge, {**judge, "price": price}):
        process(str(bundle_of(2, overrides=overrides).pk))
    out = eng5_here(capsys, "costs").succeeded().out
    assert "over 0.7000" in out
    assert "1 call has no known price" in out


def test_costs_of_nothing_are_no_calls(capsys) -> None:
    assert "no calls" in eng5_here(capsys, "costs").succeeded().out
    assert eng5_here(capsys, "costs", "--batch", "1", "--days", "2").code == 2


def no_answer(request):
    raise ProviderError(ErrorType.TIMEOUT, "no answer in time")


def test_a_call_without_an_answer_has_no_known_bill(monkeypatch, capsys) -> None:
    """It is neither nothing nor the fault of a price: the most it may cost is told."""
    judges.put_in(monkeypatch, no_answer, provider="openai")
    bundle = bundle_of(2, overrides={"provider": "openai", "model": "gpt-4o"})
    process(str(bundle.pk))
    (call,) = bills.calls_of(bundle.batch_key)
    assert call["cost_usd"] is None and call["reserved_usd"] > 0
    totals = bills.totals_of(bundle.batch_key)
    assert (totals["unanswered_calls"], totals["unpriced_calls"]) == (1, 0)
    assert float(totals["reserved_usd"]) == pytest.approx(call["reserved_usd"])
    assert "may cost up to" in eng5_here(capsys, "costs").succeeded().out


def killed(request):
    raise KeyboardInterrupt


def test_a_call_of_the_mock_judge_is_free_also_where_it_died(monkeypatch, capsys) -> None:
    judges.put_in(monkeypatch, killed)
    bundle = bundle_of(2)
    with pytest.raises(KeyboardInterrupt):
        process(str(bundle.pk))
    (call,) = bills.calls_of(bundle.batch_key)
    assert (call["finished_at"], call["cost_usd"]) == (None, 0.0)
    totals = bills.totals_of(bundle.batch_key)
    assert (totals["known_usd"], totals["unanswered_calls"], totals["unpriced_calls"]) == (0, 0, 0)
    assert "may cost up to" not in eng5_here(capsys, "costs").succeeded().out
