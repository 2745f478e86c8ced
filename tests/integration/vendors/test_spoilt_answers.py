"""Answers that a vendor spoils, through SDK and queue: who is asked again, and with whom."""

import logging
from collections import Counter

import pytest
from django.core import serializers

from llmprovider.emulator import Emulator
from llmprovider.models import ProviderCall, QueueItem
from tests.integration.llmprovider.comparisons import (
    bundle_of,
    retry_at_once,
    set_queue,
    work,
    work_once,
)
from tests.integration.vendors import emulated

ITEMS = 6


@pytest.fixture(params=sorted(emulated.MODELS))
def provider(request, monkeypatch) -> str:
    retry_at_once(monkeypatch)
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=60, CIRCUIT_FAILURE_THRESHOLD=100)
    return request.param


def judged(
    monkeypatch: pytest.MonkeyPatch, emulator: Emulator, provider: str, fault: str
) -> list[list[int]]:
    """Six comparisons in a call that ends in the fault: sizes of the calls, those of one retry
    together."""
    emulator.fail_next(fault)
    bundle_of(ITEMS, overrides={"provider": provider, "model": emulated.MODELS[provider]})
    if fault == "timeout":  # only the call that hangs is given up soon
        set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=1)
        work_once()
        # A busy vendor may see it only now, and the next call would meet its fault.
        emulated.wait_until(lambda: bool(emulator.calls), 60, "the vendor to see the call")
        set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=60)
    work()
    first, *others = [call.items for call in emulator.calls]
    assert ProviderCall.objects.count() == len(emulator.calls)
    return [[first], others]


def ends() -> Counter[str]:
    return Counter(QueueItem.objects.values_list("status", flat=True))


@pytest.mark.parametrize("fault", ["missing_item", "duplicate_conflicting", "tie", "wrong_type"])
def test_one_bad_item_is_asked_again_alone(emulator, provider, fault, monkeypatch) -> None:
    """T13, T14, T26, T36: and its neighbours are billed once."""
    assert judged(monkeypatch, emulator, provider, fault) == [[6], [1]]
    assert ends() == {"completed": 6}
    assert sorted(QueueItem.objects.values_list("attempts", flat=True)) == [1] * 5 + [2]
    seen = Counter(pair for call in emulator.calls for pair in call.pairs)
    assert sorted(seen.values()) == [1] * 5 + [2]


@pytest.mark.parametrize(
    "fault",
    [
        *("permuted", "extra_item", "duplicate_equal", "fenced_answer"),
        *("confidence_out_of_range", "long_justification"),
    ],
)
def test_what_can_be_understood_is_not_asked_again(emulator, provider, fault, monkeypatch) -> None:
    """T11, T12, T13, T25, T27"""
    assert judged(monkeypatch, emulator, provider, fault) == [[6], []]
    assert ends() == {"completed": 6}
    call = ProviderCall.objects.get()
    assert call.unknown_items == (1 if fault == "extra_item" else 0)
    flags = [
        flag
        for item in QueueItem.objects.all()
        for flag in item.provider_metadata.get("answer_flags", [])
    ]
    flagged = fault in ("duplicate_equal", "confidence_out_of_range", "long_justification")
    assert len(flags) == (1 if flagged else 0)
    assert {item.confidence in range(1, 6) for item in QueueItem.objects.all()} == {True}


def test_a_permuted_answer_gives_each_comparison_its_own_verdict(
    emulator, provider, monkeypatch
) -> None:
    """T12: as the same vendor gives it in order."""
    judged(monkeypatch, emulator, provider, "permuted")
    permuted = verdicts()
    assert len(set(permuted.values())) == 2
    QueueItem.objects.all().delete()
    ProviderCall.objects.all().delete()
    with emulated.vendor(monkeypatch) as another:
        judged(monkeypatch, another, provider, "extra_item")
    assert verdicts() == permuted


def verdicts() -> dict[tuple[str, str], str]:
    return {(item.first_id, item.second_id): item.winner for item in QueueItem.objects.all()}


def test_a_truncated_answer_keeps_what_is_whole(emulator, provider, monkeypatch) -> None:
    """T16: the rest goes again, in smaller calls."""
    [[first], others] = judged(monkeypatch, emulator, provider, "truncated")
    kept = first - sum(others)
    assert 0 < kept < ITEMS
    assert len(others) >= 2 and max(others) < ITEMS - kept
    assert ends() == {"completed": 6}
    assert ProviderCall.objects.filter(error_type="max_tokens").count() == 1


@pytest.mark.parametrize("fault", ["malformed_answer", "empty_answer", "timeout", "too_large"])
def test_what_size_can_cause_is_halved(emulator, provider, fault, monkeypatch) -> None:
    """T15, P-69"""
    assert judged(monkeypatch, emulator, provider, fault) == [[6], [3, 3]]
    assert ends() == {"completed": 6}


@pytest.mark.parametrize("fault", ["rate_limit", "server_error", "overloaded", "reset"])
def test_what_size_cannot_cause_is_asked_again_whole(
    emulator, provider, fault, monkeypatch
) -> None:
    """T15, P-69"""
    assert judged(monkeypatch, emulator, provider, fault) == [[6], [6]]
    assert ends() == {"completed": 6}


def test_a_refusal_ends_its_comparisons_with_their_own_error(
    emulator, provider, monkeypatch
) -> None:
    """T37: the real provider, model and number of attempts."""
    assert judged(monkeypatch, emulator, provider, "refusal") == [[6], []]
    assert ends() == {"failed": 6}
    for item in QueueItem.objects.all():
        error = item.error
        assert (error["error_type"], error["retryable"], error["attempts"]) == ("refusal", False, 1)
        assert (error["provider"], error["model"]) == (provider, emulated.MODELS[provider])
        assert error["correlation_id"] == str(item.correlation_id)


def test_a_vendor_that_repeats_the_prompt_and_the_key_is_not_repeated(
    emulator, provider, monkeypatch, caplog
) -> None:
    """T34: in no row and no line of the log."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", "planted-Zq7Xw2Kp9Lm4")
    judged(monkeypatch, emulator, provider, "echoing_error")
    rows = serializers.serialize("json", [*ProviderCall.objects.all(), *QueueItem.objects.all()])
    assert ends() == {"failed": 6}
    for told in (rows, caplog.text):
        assert "Zq7Xw2Kp9Lm4" not in told
        assert "Text number" not in told
