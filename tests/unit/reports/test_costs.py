"""The report's cost: what is not known is said so, with the most that it can be."""

from assessment.reports.costs import cost_meaning, cost_value

KNOWN = {
    "usd": 1.5,
    "usd_per_comparison": 0.5,
    "input_tokens": 1000,
    "output_tokens": 100,
    "unpriced_calls": 0,
    "unanswered_calls": 0,
    "unanswered_at_most_usd": 0.0,
}


def test_a_known_bill_is_told_as_it_is() -> None:
    assert cost_value(KNOWN).endswith("1.50")
    assert "not known" not in cost_meaning(KNOWN)


def test_a_call_that_may_have_been_billed_makes_it_a_lower_bound() -> None:
    cost = {**KNOWN, "unanswered_calls": 2, "unanswered_at_most_usd": 0.25}
    assert cost_value(cost).endswith("1.50 or more")
    words = cost_meaning(cost)
    assert "2 calls without an answer is not known" in words
    assert "0.25 more" in words
    assert "for each verdict" in words


def test_a_run_recorded_before_unanswered_calls_were_counted_is_still_read() -> None:
    cost = {"usd": 1.5, "input_tokens": 1, "output_tokens": 1}
    assert cost_value(cost).endswith("1.50")
    assert "not known" not in cost_meaning(cost)
