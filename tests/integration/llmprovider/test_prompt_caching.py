"""One call of a prefix goes ahead, so that the others find it in the provider's cache."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmprovider.calls.turns import take_turn
from llmprovider.contracts import ErrorType, Instructions, QueueMode
from llmprovider.models import Bundle, ProviderCall
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import queued, set_queue

pytestmark = pytest.mark.django_db

CACHING = {"provider": "anthropic", "model": "claude-sonnet-5"}
LONG = Instructions(task="Write.", rubric="Judge every sentence with care. " * 800)


def waiting(count: int, instructions: Instructions = LONG, **changes: object) -> None:
    queued(
        count,
        instructions=instructions,
        queue_mode=QueueMode.PER_REQUEST,
        overrides=changes.pop("overrides", CACHING),
        **changes,
    )


def seeding(monkeypatch, others: int = 2, step=judges.well, provider="anthropic"):
    """A judge during whose first call other tickets take their turns; what became of those."""
    turns = []

    def first(request):
        for _ in range(others):
            turns.append(take_turn())
        return step(request)

    return judges.put_in(monkeypatch, first, judges.well, provider=provider), turns


def test_the_others_wait_for_the_first_call_of_a_prefix(monkeypatch):
    """T31"""
    judge, turns = seeding(monkeypatch)
    waiting(4)
    take_turn()
    assert len(judge.requests) == 1
    assert all(turn.bundle is None and turn.back_in is not None for turn in turns)
    Bundle.objects.update(not_before=timezone.now())
    for _ in range(3):
        take_turn()
    assert len(judge.requests) == 4
    assert {request.cache_ttl for request in judge.requests} == {"5m"}
    assert ProviderCall.objects.values("prefix_sha256").distinct().count() == 1


def test_they_wait_for_a_minute_at_most(monkeypatch):
    """T31"""
    judge = judges.put_in(monkeypatch, provider="anthropic")
    waiting(2)
    take_turn()
    ProviderCall.objects.update(started_at=timezone.now() - timedelta(seconds=61), finished_at=None)
    take_turn()
    assert len(judge.requests) == 2


def test_a_first_call_that_failed_makes_way_for_another(monkeypatch):
    """T31"""
    failed = judges.failing(ErrorType.INVALID_RESPONSE)
    judge = judges.put_in(monkeypatch, failed, judges.well, provider="anthropic")
    waiting(2)
    take_turn()
    take_turn()
    assert len(judge.requests) == 2


def test_a_first_call_with_a_useless_answer_has_written_it_all_the_same(monkeypatch):
    """T31: nobody waits for a second one."""
    turns = []

    def second(request):
        turns.append(take_turn())
        return judges.well(request)

    judge = judges.put_in(
        monkeypatch, judges.saying("no answer"), second, judges.well, provider="anthropic"
    )
    waiting(3)
    take_turn()
    take_turn()
    assert len(judge.requests) == 3
    assert turns[0].bundle is not None


def test_another_prefix_does_not_wait(monkeypatch):
    """T31"""
    judge, _ = seeding(monkeypatch, others=1)
    waiting(1)
    waiting(1, Instructions(task="Other.", rubric=LONG.rubric), batch_key="other")
    take_turn()
    assert len(judge.requests) == 2


@pytest.mark.parametrize(
    ("setting", "instructions", "overrides"),
    [
        ("off", LONG, CACHING),
        ("5m", Instructions(task="Short."), CACHING),
        ("5m", LONG, {"provider": "openai", "model": "gpt-5.4"}),
    ],
)
def test_nobody_waits_where_nothing_is_kept(monkeypatch, setting, instructions, overrides):
    """T30, T31: switched off, too short for the model, or kept by the provider's own choice."""
    set_queue(monkeypatch, PROMPT_CACHE_TTL=setting)
    judge, _ = seeding(monkeypatch, others=1, provider=overrides["provider"])
    waiting(2, instructions, overrides=overrides)
    take_turn()
    assert len(judge.requests) == 2
    assert {request.cache_ttl for request in judge.requests} == {None}
