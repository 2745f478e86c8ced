"""Vendors' limits: wait for what is lacking, no longer."""

import pytest

from llmprovider.gates.rate_windows import GrantedCall, Need
from llmprovider.gates.vendor_limits import SeenLimit, delay_for_refill, restored, stored
from llmprovider.providers.base import LimitKind, VendorLimit
from tests.unit.llmprovider.gates.streams import at


def seen(kind: LimitKind, limit: int, remaining: int, reset: float = 60.0) -> SeenLimit:
    return SeenLimit(VendorLimit(kind, limit, remaining, reset), at(0))


INPUT = LimitKind.INPUT_TOKENS


@pytest.mark.parametrize(
    ("limit", "second", "wait"),
    [
        # Half of 6,000 lacks 1,000 tokens of what is needed: refilled in ten seconds.
        (seen(INPUT, 6_000, 2_000), 0, 10.0),
        # Four seconds later 400 of them are there.
        (seen(INPUT, 6_000, 2_000), 4, 6.0),
        (seen(INPUT, 6_000, 2_000), 10, 0.0),
        (seen(INPUT, 6_000, 3_000), 0, 0.0),
        # The reset is sooner than the refill would be.
        (seen(INPUT, 6_000, 0, reset=2.0), 0, 2.0),
        # Past its reset a limit says nothing any more.
        (seen(INPUT, 6_000, 0, reset=2.0), 3, 0.0),
        # More than the limit is never there: the whole of it must do.
        (seen(INPUT, 1_000, 500), 0, 30.0),
        (seen(LimitKind.REQUESTS, 50, 0), 0, 1.2),
        (seen(LimitKind.TOKENS, 6_000, 3_000), 0, 2.0),
        # Output is counted as it is written: a call is let in while any is left.
        (seen(LimitKind.OUTPUT_TOKENS, 600, 1), 0, 0.0),
        (seen(LimitKind.OUTPUT_TOKENS, 600, 0), 0, 0.1),
    ],
)
def test_it_waits_only_for_the_refill(limit: SeenLimit, second: float, wait: float) -> None:
    delay = delay_for_refill(Need(3_000, 200), [limit], [], at(second))
    assert delay.seconds == pytest.approx(wait)


def test_the_longest_wait_counts_and_is_named() -> None:
    limits = [seen(INPUT, 6_000, 2_000), seen(LimitKind.REQUESTS, 50, 0)]
    assert delay_for_refill(Need(3_000, 0), limits, [], at(0)).reason == "vendor_input_tokens"


def test_calls_made_since_are_taken_off() -> None:
    limit = seen(INPUT, 6_000, 3_000)
    since = GrantedCall(at(0), 1_000, 0, None)
    before = GrantedCall(at(-5), 1_000, 0, at(-1))
    assert delay_for_refill(Need(3_000, 0), [limit], [before], at(0)).seconds == 0
    assert delay_for_refill(Need(3_000, 0), [limit], [since], at(0)).seconds == 10.0


def test_what_is_stored_comes_back() -> None:
    limits = [VendorLimit(INPUT, 6_000, 10, 3.5), VendorLimit(LimitKind.REQUESTS, 50, 0, 60)]
    assert [one.stated for one in restored(stored(limits, at(3)))] == limits
    assert {one.seen_at for one in restored(stored(limits, at(3)))} == {at(3)}


def test_a_limit_of_nothing_is_no_limit() -> None:
    """Gateways that ration nothing send zeros."""
    assert stored([VendorLimit(INPUT, 0, 0, 0)], at(0)) == {}
