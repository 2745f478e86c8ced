"""How many jobs a plan says that comparisons make: as few as the provider's limits allow."""

import uuid

import pytest

from llmprovider.contracts import BatchFill, ComparisonRequest, Document, Instructions, Overrides
from llmprovider.contracts.comparisons import QueueMode
from llmprovider.costs.estimates import estimate
from llmprovider.jobs.estimates import jobs_needed


def request(judge: Overrides, words: int, at: int, fill: BatchFill | None) -> ComparisonRequest:
    return ComparisonRequest(
        correlation_id=uuid.UUID(int=at),
        first=Document(id=f"a{at}", text="word " * words),
        second=Document(id=f"b{at}", text="term " * words),
        instructions=Instructions(),
        overrides=judge,
        on_results="anything",
        queue_mode=QueueMode.BATCH_API,
        batch_fill=fill,
        batch_key="plan",
    )


ANTHROPIC = Overrides(provider="anthropic", model="claude-haiku-4-5")
OPENAI = Overrides(provider="openai", model="gpt-6-luna")


@pytest.mark.parametrize(("judge", "jobs"), [(ANTHROPIC, 1), (OPENAI, 2)])
def test_the_number_of_requests_splits_a_wave(judge: Overrides, jobs: int) -> None:
    """T22: 100,000 requests in a job of Anthropic's, 50,000 in one of OpenAI's."""
    one = [request(judge, 1, 1, BatchFill.SINGLE)]
    assert jobs_needed([one] * 50_000) == 1
    assert jobs_needed([one] * 50_001) == jobs


@pytest.mark.parametrize(("judge", "jobs"), [(ANTHROPIC, 9), (OPENAI, 11)])
def test_so_do_their_bytes(judge: Overrides, jobs: int) -> None:
    """T22: 2 MB each, 1,000 of them; 256 MB and 200 MB less 5 %."""
    long = [request(judge, 200_000, 1, BatchFill.SINGLE)]
    assert jobs_needed([long] * 1_000) == jobs


def test_each_model_has_a_job_of_its_own() -> None:
    mini = OPENAI.model_copy(update={"model": "gpt-5.4-mini"})
    judges = [ANTHROPIC, OPENAI, mini, OPENAI]
    calls = [[request(judge, 5, at, None)] for at, judge in enumerate(judges)]
    assert jobs_needed(calls) == 3


@pytest.mark.parametrize(("fill", "calls"), [(BatchFill.SINGLE, 30), (BatchFill.BUNDLES, 1)])
def test_an_estimate_counts_requests_by_what_they_hold(fill: BatchFill, calls: int) -> None:
    found = estimate([request(OPENAI, 5, at, fill) for at in range(30)])
    assert (found.comparisons, found.calls, found.jobs) == (30, calls, 1)


def test_a_live_mode_makes_no_jobs() -> None:
    live = [
        request(OPENAI, 5, at, None).model_copy(update={"queue_mode": QueueMode.PER_REQUEST})
        for at in range(5)
    ]
    assert estimate(live).jobs == 0
