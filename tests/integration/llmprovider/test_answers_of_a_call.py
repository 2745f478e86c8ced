"""What a bundle's one answer does to each of its comparisons."""

import json

import pytest

from llmprovider.calls.processing import process
from llmprovider.contracts import MAX_JUSTIFICATION_CHARS, ErrorType
from llmprovider.contracts import queue as judge_queue
from llmprovider.models import Bundle, ProviderCall, QueueItem
from llmprovider.prompting.prompts import parse_prompt
from llmprovider.providers.base import Stop
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import (
    bundle_of,
    items,
    retry_at_once,
    statuses,
    work,
    work_once,
)

pytestmark = pytest.mark.django_db


def test_a_bundle_is_one_call(monkeypatch):
    """T11"""
    judge = judges.put_in(monkeypatch)
    process(str(bundle_of(10).pk))
    assert judge.sizes == [10]
    assert statuses() == ["completed"] * 10
    assert ProviderCall.objects.get().items_count == 10


def test_a_bundle_processed_twice_is_one_call(monkeypatch):
    """T36"""
    judge = judges.put_in(monkeypatch)
    bundle = bundle_of(3)
    process(str(bundle.pk))
    process(str(bundle.pk))
    assert judge.sizes == [3]


def test_answers_in_any_order_reach_their_comparisons(monkeypatch):
    """T12"""

    def mixed(request):
        listed = parse_prompt(request.user)
        return judges.response(
            judges.entry(
                pair.item, "first" if listed.texts[pair.first].endswith(" 2.") else "second"
            )
            for pair in reversed(listed.comparisons)
        )

    judges.put_in(monkeypatch, mixed)
    process(str(bundle_of(5).pk))
    winners = {item.first.text: item.winner for item in items()}
    assert winners.pop("Text number 2.") == "essay_a"
    assert set(winners.values()) == {"essay_b"}


def test_only_a_missing_comparison_is_asked_again(monkeypatch):
    """T13, T14"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.without(4), judges.well)
    process(str(bundle_of(10).pk))
    assert statuses() == ["completed"] * 9 + ["queued"]
    work()
    assert judge.sizes == [10, 1]
    assert sorted(item.attempts for item in items()) == [1] * 9 + [2]


def test_a_retry_goes_into_a_bundle_of_its_own(monkeypatch):
    """A bundle is never refilled."""
    judges.put_in(monkeypatch, judges.without(0))
    bundle = bundle_of(3)
    process(str(bundle.pk))
    missing = QueueItem.objects.get(status="queued")
    assert missing.bundle != bundle
    assert (missing.bundle.batch_key, missing.bundle.model) == (bundle.batch_key, bundle.model)


def test_an_unknown_item_is_ignored_and_counted(monkeypatch):
    """T13"""
    judges.put_in(
        monkeypatch,
        lambda request: judges.response(map(judges.entry, [*judges.asked(request), "c99"])),
    )
    process(str(bundle_of(3).pk))
    assert statuses() == ["completed"] * 3
    assert ProviderCall.objects.get().unknown_items == 1


def test_an_answer_given_twice_alike_is_kept(monkeypatch):
    """T13"""
    judge = judges.put_in(
        monkeypatch,
        lambda request: judges.response(
            map(judges.entry, [*judges.asked(request), judges.asked(request)[0]])
        ),
    )
    process(str(bundle_of(3).pk))
    assert statuses() == ["completed"] * 3
    assert judge.sizes == [3]


def test_two_answers_that_differ_are_none(monkeypatch):
    """T13"""
    retry_at_once(monkeypatch)

    def conflicting(request):
        first, *others = judges.asked(request)
        entries = [judges.entry(first), judges.entry(first, "second"), *map(judges.entry, others)]
        return judges.response(entries)

    judge = judges.put_in(monkeypatch, conflicting, judges.well)
    process(str(bundle_of(3).pk))
    assert statuses() == ["completed", "completed", "queued"]
    work()
    assert judge.sizes == [3, 1]


@pytest.mark.parametrize("winner", ["tie", "", None, 1, "essay_a"])
def test_no_winner_is_an_error_and_never_a_verdict(monkeypatch, winner):
    """T26, P-68"""
    retry_at_once(monkeypatch)
    judges.put_in(
        monkeypatch,
        lambda request: judges.response(judges.entry(i, winner) for i in judges.asked(request)),
    )
    bundle_of(1)
    work()
    (item,) = items()
    assert (item.status, item.winner, item.confidence) == ("failed", "", None)
    assert item.error["code"] == "INVALID_RESPONSE"


def test_a_cut_answer_is_salvaged_and_the_rest_asked_in_smaller_bundles(monkeypatch):
    """T16"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.cut_after(4), judges.well)
    process(str(bundle_of(10).pk))
    assert statuses() == ["completed"] * 4 + ["queued"] * 6
    work()
    assert judge.sizes == [10, 3, 3]
    assert ProviderCall.objects.order_by("started_at").first().error_type == ErrorType.MAX_TOKENS


def test_an_unreadable_answer_is_halved(monkeypatch):
    """T15"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.saying("I would rather not use JSON."), judges.well)
    bundle_of(8)
    work()
    assert judge.sizes == [8, 4, 4]
    assert statuses() == ["completed"] * 8


def test_a_neighbour_that_spoils_answers_costs_the_others_nothing_but_time(monkeypatch):
    """T14, T15: halved down to singles within the attempts that a comparison has."""
    retry_at_once(monkeypatch)

    def spoiled(request):
        if any(text.endswith(" 0.") for text in parse_prompt(request.user).texts.values()):
            return judges.saying("not JSON")(request)
        return judges.well(request)

    judges.put_in(monkeypatch, spoiled)
    bundle_of(28)
    work()
    assert statuses() == ["completed"] * 27 + ["failed"]


def _tie_for_the_first(request):
    first, *others = judges.asked(request)
    return judges.response([judges.entry(first, "tie"), *map(judges.entry, others)])


def _twice_for_the_first(request):
    first, *others = judges.asked(request)
    entries = [judges.entry(first), judges.entry(first, "second"), *map(judges.entry, others)]
    return judges.response(entries)


def _wrong_type_for_the_first(request):
    first, *others = judges.asked(request)
    entries = [{**judges.entry(first), "confidence": "3"}, *map(judges.entry, others)]
    return judges.response(entries)


@pytest.mark.parametrize(
    "spoiling",
    [
        judges.without(0),
        judges.cut_after(9),
        _tie_for_the_first,
        _twice_for_the_first,
        _wrong_type_for_the_first,
    ],
    ids=["missing", "cut off", "tie", "conflicting", "wrong type"],
)
def test_a_healthy_comparison_pays_its_share_of_one_call(monkeypatch, spoiling):
    """T14: whatever was wrong with its neighbour."""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, spoiling, judges.well)
    bundle_of(10)
    work()
    assert judge.sizes == [10, 1]
    assert statuses() == ["completed"] * 10
    assert sorted(item.attempts for item in items()) == [1] * 9 + [2]
    shares = sorted(item.usage["input"] for item in items())
    assert shares[:9] == [judges.USAGE.input // 10] * 9
    assert sum(shares) == 2 * judges.USAGE.input
    asked = [set(parse_prompt(request.user).texts.values()) for request in judge.requests]
    assert len(asked[1]) == 2 and asked[1] < asked[0]


def test_what_had_to_be_put_right_is_told_with_the_result(monkeypatch):
    """T25, T27: a confidence off the scale and a long justification lose nothing."""

    def beyond(request):
        return judges.response(
            {**judges.entry(item, confidence=9), "justification": "j" * 5_000}
            for item in judges.asked(request)
        )

    judges.put_in(monkeypatch, beyond)
    bundle = bundle_of(2)
    process(str(bundle.pk))
    for result in judge_queue.results_of(str(bundle.pk)):
        assert (result.winner, result.confidence) == ("essay_a", 5)
        assert len(result.justification) == MAX_JUSTIFICATION_CHARS
        flags = result.request_metadata["answer_flags"]
        assert flags == ["confidence_clamped", "justification_cut"]


def test_a_refusal_is_asked_once(monkeypatch):
    """T23"""
    judge = judges.put_in(monkeypatch, judges.saying("", Stop.REFUSAL))
    bundle_of(4)
    work()
    assert judge.sizes == [4]
    assert {(i.status, i.error["error_type"], i.attempts) for i in items()} == {
        ("failed", "refusal", 1)
    }


def test_what_the_caller_said_comes_back_and_keys_are_only_added(monkeypatch):
    """T39"""
    judges.put_in(monkeypatch)
    mine = {"request_correlation_id": "r", "bundle_id": "mine", "nested": {"é": [1, None, 0.5]}}
    bundle = bundle_of(1, metadata=mine)
    process(str(bundle.pk))
    (result,) = judge_queue.results_of(str(bundle.pk))
    assert {key: result.request_metadata[key] for key in mine} == mine
    added = set(result.request_metadata) - set(mine)
    assert added >= {
        "prompt_sha256",
        "bundle_index",
        "resolved_provider",
        "resolved_model",
        "queue_processing_mode",
        "usage",
    }
    json.dumps(result.model_dump(mode="json"))


def test_no_text_of_an_essay_is_in_an_error(monkeypatch):
    """T34"""
    retry_at_once(monkeypatch)
    judges.put_in(monkeypatch, judges.saying('{"comparisons": "Text number 0."}'))
    bundle_of(2)
    work()
    assert all("Text number" not in json.dumps(item.error) for item in items())


def test_a_retry_keeps_the_parameters_of_its_call(monkeypatch):
    """P-49, P-48, T28"""
    retry_at_once(monkeypatch)
    judge = judges.put_in(monkeypatch, judges.without(0), judges.well)
    given = {
        "temperature": 0.0,
        "max_tokens": 5_000,
        "system_prompt": "You judge.",
        "reasoning_effort": "low",
        "output_verbosity": "low",
    }
    bundle_of(2, overrides=given)
    work_once()
    work()
    for request in judge.requests:
        assert request.temperature == 0.0
        assert (request.max_tokens, request.reasoning_effort) == (5_000, "low")
        assert request.output_verbosity == "low"
        assert request.system.startswith("You judge.")
    assert Bundle.objects.count() == 2
