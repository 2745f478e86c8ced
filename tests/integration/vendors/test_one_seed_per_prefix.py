"""A long rubric, eight workers: its first call writes the vendor's cache, the others read it."""

import pytest

from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.creating.specs import JudgeSpec
from llmprovider.emulator import Call
from tests.integration.assessment.essays import spec
from tests.integration.spine import driving
from tests.integration.vendors import emulated

COMPARISONS = 66  # all pairs of 12 essays, each a call
RUBRIC = "Weigh content, structure and language with care, sentence by sentence. " * 400
MODELS = {"anthropic": "claude-sonnet-5-5", "openai": "gpt-6-luna"}


@pytest.fixture(params=sorted(MODELS))
def calls(request, monkeypatch, transactional_db) -> list[Call]:
    """As the vendor answered them, in the order in which they came."""
    driving.set_assessment(
        monkeypatch, COMPARISONS_PER_STABILITY_CHECK_ITERATION=COMPARISONS, MAX_RETRY_ATTEMPTS=0
    )
    judge = JudgeSpec(provider=request.param, model=MODELS[request.param])
    asked = spec(12, judges=(judge,), overrides={"llm_batching_mode_override": "per_request"})
    with emulated.vendor(monkeypatch, profile="clean") as emulator:
        one = create_batch(asked.model_copy(update={"rubric": RUBRIC}))
        with emulated.stack():
            assert emulated.ended(emulated.begun(one)).status == "COMPLETED"
        return sorted(emulator.calls, key=lambda call: call.at)


def test_one_call_writes_the_prefix_and_hardly_any_misses_it(calls: list[Call]) -> None:
    """T31, T30: on distinct pairs, by the vendor's own usage; nobody is sent before it is there."""
    assert len(calls) == COMPARISONS
    assert len({frozenset(pair.split(":")) for call in calls for pair in call.pairs}) == COMPARISONS
    seed, *others = calls
    assert seed.cache_write_tokens > 4_000
    assert seed.cache_read_tokens == 0
    missed = [call for call in others if not call.cache_read_tokens]
    assert len(missed) <= 0.2 * len(others)
    # Essays are never kept: what is written later is what missed, and nothing else.
    for call in others:
        assert call.cache_write_tokens == (seed.cache_write_tokens if call in missed else 0)
    assert min(call.at for call in others) >= seed.at + seed.seconds
