"""What a plan takes for reasoning grows with the comparisons, however they are packed."""

import pytest

from llmprovider.contracts import Overrides
from llmprovider.contracts.models import likely_reasoning_tokens
from llmprovider.emulator.vendor_models import REASONING_PER_ITEM

MODEL = "claude-haiku-5-5"
EFFORTS = ("low", "medium", "high")


def likely(comparisons: int, effort: str | None = None) -> int:
    judge = Overrides(provider="anthropic", model=MODEL, reasoning_effort=effort)
    return likely_reasoning_tokens(judge, comparisons)


def test_a_call_of_its_own_costs_no_more_reasoning_than_a_place_in_a_bundle() -> None:
    assert likely(64) == pytest.approx(64 * likely(1), rel=0.01)


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("comparisons", [1, 8, 64])
def test_it_is_about_what_the_emulator_bills(comparisons: int, effort: str) -> None:
    """Two figures by hand, so that a rehearsal shows what the plan said."""
    told = likely(comparisons, effort)
    assert told == pytest.approx(REASONING_PER_ITEM[effort] * comparisons, rel=0.1)


def test_a_model_that_does_not_reason_uses_none() -> None:
    judge = Overrides(provider="anthropic", model="claude-haiku-4-5")
    assert likely_reasoning_tokens(judge, 8) == 0
