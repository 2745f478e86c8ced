"""Which HTTP errors are asked again, how often, and what a row of them does to the circuit."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from llmprovider.calls.turns import take_turn
from llmprovider.contracts import QueueMode
from llmprovider.emulator import Emulator
from llmprovider.gates import closed_until
from llmprovider.models import Bundle, Gate, ProviderCall, QueueItem
from tests.integration.llmprovider.comparisons import (
    at_once,
    queued,
    retry_at_once,
    set_queue,
    statuses,
)
from tests.integration.vendors import emulated

VENDORS = sorted(emulated.MODELS)
ATTEMPTS = 3
# Of a call that will be answered, however busy the machine; and of one that never will be.
PATIENT, IMPATIENT = 60.0, 1.0

ASKED_AGAIN = [
    ("rate_limit", 429),
    ("server_error", 500),
    ("bad_gateway", 502),
    ("unavailable", 503),
    ("gateway_timeout", 504),
    ("overloaded", None),  # 529 at Anthropic, 503 at OpenAI
    ("timeout", 0),  # no answer before the client gives up
    ("reset", 0),
    ("cut_off", 200),
]
ASKED_ONCE = [("bad_request", 400), ("bad_key", 401), ("forbidden", 403), ("unknown_model", 404)]


@pytest.fixture(params=VENDORS)
def provider(request, monkeypatch) -> str:
    retry_at_once(monkeypatch)
    set_queue(
        monkeypatch,
        PROVIDER_TIMEOUT_SECONDS=PATIENT,
        QUEUE_MAX_ATTEMPTS=ATTEMPTS,
        CIRCUIT_FAILURE_THRESHOLD=100,
        PROMPT_CACHE_TTL="off",
    )
    return request.param


def ask(provider: str, count: int) -> None:
    """Comparisons in the queue, each a call of its own."""
    judge = {"provider": provider, "model": emulated.MODELS[provider]}
    queued(count, overrides=judge, queue_mode=QueueMode.PER_REQUEST)


def work() -> None:
    """Take turns until nothing is queued."""

    def nothing_left() -> bool:
        take_turn()
        return not QueueItem.objects.filter(status="queued").exists()

    emulated.wait_until(nothing_left, 60, "the queue to be empty")


def sent(emulator: Emulator) -> list[int]:
    return [call.status for call in emulator.calls]


@pytest.mark.parametrize(("fault", "status"), ASKED_AGAIN)
def test_what_may_pass_is_asked_again(emulator, provider, fault, status, monkeypatch) -> None:
    """T23, T15: once failed, then judged; one row and one HTTP request for each attempt."""
    emulator.fail_next(fault)
    ask(provider, 1)
    if fault == "timeout":
        set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=IMPATIENT)
        take_turn()
        # A busy vendor may see it only now, and the next call would meet its fault.
        emulated.wait_until(lambda: bool(sent(emulator)), 60, "the vendor to see the call")
        set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=PATIENT)
    work()
    first, second = sent(emulator)
    assert second == 200
    assert first == status or (status is None and first in (503, 529))
    assert statuses() == ["completed"]
    assert ProviderCall.objects.count() == 2
    assert QueueItem.objects.get().attempts == (1 if fault == "rate_limit" else 2)


@pytest.mark.parametrize("fault", ["server_error", "timeout"])
def test_but_not_for_ever(emulator, provider, fault, monkeypatch) -> None:
    """T23: the SDK adds no attempts of its own."""
    emulator.fail_next(fault, times=10)
    if fault == "timeout":
        set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=IMPATIENT)
    ask(provider, 1)
    work()
    emulated.wait_until(lambda: len(sent(emulator)) >= ATTEMPTS, 60, "the vendor to see all calls")
    assert len(emulator.calls) == ATTEMPTS
    assert statuses() == ["failed"]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port whose owner takes no connection: whoever comes waits at the door."""
    with ExitStack() as open_sockets:
        door = open_sockets.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _ in range(4):  # those before us, who fill the queue at the door
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(door.getsockname())
        yield door.getsockname()[1]


def test_the_other_kind_of_time_out(provider, deaf_port, monkeypatch) -> None:
    """T23: no connection in time. Asked again, and never billed."""
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", "dummy")
    monkeypatch.setenv(f"{provider.upper()}_BASE_URL", f"http://127.0.0.1:{deaf_port}")
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=IMPATIENT)
    ask(provider, 1)
    work()
    calls = ProviderCall.objects.values_list("error_type", "reserved_usd")
    assert list(calls) == [("timeout", 0)] * ATTEMPTS
    assert statuses() == ["failed"]


@pytest.mark.parametrize(("fault", "status"), ASKED_ONCE)
def test_what_cannot_pass_is_asked_once_at_most(emulator, provider, fault, status) -> None:
    """T23: counting retries of the queue. Where nobody is served, the others are not tried."""
    emulator.fail_next(fault, times=20)
    ask(provider, 4)
    work()
    outage = fault != "bad_request"
    assert sent(emulator) == [status] * (1 if outage else 4)
    assert statuses() == ["failed"] * 4
    for item in QueueItem.objects.all():
        assert item.attempts <= 1
        assert (item.error["retryable"], item.error["outage"]) == (False, outage)


def test_a_judge_that_rejects_every_request_is_left_alone_at_the_threshold(
    emulator, provider, monkeypatch
) -> None:
    """T23: what waits fails at once, with what the vendor's status says."""
    set_queue(monkeypatch, CIRCUIT_FAILURE_THRESHOLD=3, CIRCUIT_OPEN_SECONDS=600)
    emulator.fail_next("bad_request", times=20)
    ask(provider, 8)
    work()
    assert sent(emulator) == [400] * 3
    assert statuses() == ["failed"] * 8
    assert sorted(item.error["outage"] for item in QueueItem.objects.all()) == [
        *[False] * 3,
        *[True] * 5,
    ]


def test_the_circuit_opens_at_the_threshold_and_one_probe_closes_it(
    emulator, provider, monkeypatch
) -> None:
    """T24, T23"""
    threshold = 3
    set_queue(monkeypatch, CIRCUIT_FAILURE_THRESHOLD=threshold, CIRCUIT_OPEN_SECONDS=600)
    emulator.fail_next(
        "overloaded", times=threshold + 1
    )  # the row of failures, and the first probe
    ask(provider, 8)
    for _ in range(20):
        take_turn()
    assert len(emulator.calls) == threshold
    gate = Gate.objects.get(provider=provider)
    assert (gate.provider, gate.model) in closed_until(gate.opened_at)

    half_open(gate)
    at_once(8, take_turn)  # one of them is the probe, and it fails
    assert len(emulator.calls) == threshold + 1

    half_open(gate)
    work()
    assert sent(emulator)[threshold + 1 :] == [200] * statuses().count("completed")
    gate.refresh_from_db()
    assert (gate.failures, gate.open_until) == (0, None)


def half_open(gate: Gate) -> None:
    """As when its time is up."""
    gate.refresh_from_db()
    Gate.objects.filter(pk=gate.pk).update(open_until=gate.opened_at)
    Bundle.objects.update(not_before=gate.opened_at)
