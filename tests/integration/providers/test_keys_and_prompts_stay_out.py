"""T34: a planted key and a planted essay, and every place where they might show."""

import logging
import os
import pickle
import traceback

import httpx2
import pytest

from llmprovider.contracts import ErrorType
from llmprovider.providers import anthropic_sdk, openai_sdk
from llmprovider.providers.base import ProviderError
from llmprovider.providers.registry import judge_problem, provider_for
from tests.integration.providers.wires import (
    KEYS,
    MODELS,
    PLANTED_KEY,
    WELL,
    answering,
    asking,
    lay,
    raising,
)

ESSAY = "The planted essay of Wilhelmina."
PROVIDERS = sorted(WELL)


def echo(request: httpx2.Request) -> httpx2.Response:
    """A vendor that quotes the key and the prompt in every field of its error."""
    quoted = f"bad key {PLANTED_KEY} with {request.content.decode()}"
    error = {"type": PLANTED_KEY, "code": ESSAY, "message": quoted, "param": ESSAY}
    return httpx2.Response(400, json={"type": "error", "error": error, "request_id": "r"})


def everything(error: BaseException) -> str:
    """All that a log, a report or an error tracker could make of an exception."""
    chain, seen = [], error
    while seen is not None:
        chain.append(f"{seen!r} {seen} {vars(seen)}")
        seen = seen.__cause__ or seen.__context__
    return " ".join(chain) + "".join(traceback.format_exception(error))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "answer",
    [
        echo,
        raising(httpx2.ConnectError(f"{PLANTED_KEY} {ESSAY}")),
        answering(f"not JSON: {PLANTED_KEY} {ESSAY}"),
        answering({"id": "x", "model": PLANTED_KEY, "content": ESSAY, "output": ESSAY}),
    ],
    ids=["echo", "connection", "garbage", "odd"],
)
def test_no_exception_holds_the_key_or_the_essay(monkeypatch, provider, answer):
    """T34: nor does the chain of exceptions behind it."""
    lay(monkeypatch, answer)
    with pytest.raises(ProviderError) as raised:
        provider_for(provider).call(asking(provider, user=ESSAY))
    shown = everything(raised.value)
    assert PLANTED_KEY not in shown and "planted essay" not in shown


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_log_line_holds_the_key_or_the_essay(monkeypatch, caplog, provider):
    """T34: even where someone turns the SDKs' own logs on."""
    monkeypatch.setenv("ANTHROPIC_LOG", "debug")
    monkeypatch.setenv("OPENAI_LOG", "debug")
    caplog.set_level(logging.DEBUG)
    for sdk in ("anthropic", "openai", "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=sdk)
    anthropic_sdk._made.cache_clear()
    openai_sdk._made.cache_clear()
    lay(monkeypatch, answering(WELL[provider]()), echo)
    provider_for(provider).call(asking(provider, user=ESSAY))
    with pytest.raises(ProviderError):
        provider_for(provider).call(asking(provider, user=ESSAY))
    assert PLANTED_KEY not in caplog.text and "planted essay" not in caplog.text


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_repr_holds_the_essay(monkeypatch, provider):
    """T34: of a request, or of its answer."""
    body = WELL[provider]()
    lay(monkeypatch, answering(body))
    asked = asking(provider, user=ESSAY, system=ESSAY)
    shown = repr(asked) + repr(provider_for(provider).call(asked))
    assert "planted essay" not in shown and "comparisons" not in shown


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("stray", ["\n", " ", "é", "\x00"])
def test_a_key_that_cannot_be_sent_is_named_by_its_variable(monkeypatch, provider, stray):
    """T34: the HTTP library would quote it in full."""
    wire = lay(monkeypatch, answering(WELL[provider]()))
    if stray == "\x00":
        monkeypatch.setattr(os, "environ", {**os.environ})
        os.environ[KEYS[provider]] = PLANTED_KEY + stray
    else:
        monkeypatch.setenv(KEYS[provider], PLANTED_KEY + stray)
    with pytest.raises(ProviderError) as raised:
        provider_for(provider).call(asking(provider))
    assert (raised.value.error_type, raised.value.outage) == (ErrorType.AUTHENTICATION, True)
    assert KEYS[provider] in raised.value.message
    assert PLANTED_KEY not in everything(raised.value)
    assert wire.requests == []


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_a_judge_without_a_usable_key_is_refused_at_submission(monkeypatch, provider):
    """T33"""
    monkeypatch.setenv(KEYS[provider], f"{PLANTED_KEY}\n")
    problem = judge_problem(provider, MODELS[provider])
    assert problem is not None and KEYS[provider] in problem and PLANTED_KEY not in problem
    monkeypatch.delenv(KEYS[provider])
    problem = judge_problem(provider, MODELS[provider])
    assert problem is not None and f"Set {KEYS[provider]}" in problem


@pytest.mark.parametrize("address", ["", "localhost:11434", "ftp://x/v1", "http://", "http://[::"])
def test_a_compatible_server_without_an_address_is_refused(monkeypatch, address):
    """T33: at submission, and in a worker whose environment differs."""
    lay(monkeypatch, answering(WELL["openai_compatible"]()))
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", address)
    problem = judge_problem("openai_compatible", "local-judge")
    assert problem is not None and "Set OPENAI_COMPATIBLE_BASE_URL" in problem
    with pytest.raises(ProviderError) as raised:
        provider_for("openai_compatible").call(asking("openai_compatible"))
    assert raised.value.outage


def test_an_error_survives_a_trip_between_processes(monkeypatch):
    """The SDKs' own exceptions do not (FACTS 2.2), so none of them may be inside."""
    lay(monkeypatch, answering({}, 500))
    with pytest.raises(ProviderError) as raised:
        provider_for("openai").call(asking("openai"))
    assert "openai." not in str(pickle.dumps(vars(raised.value)))


def test_a_forked_process_makes_its_own_client(monkeypatch):
    """A connection shared with the parent would mix up their answers."""
    lay(monkeypatch, answering(WELL["anthropic"]()))
    parent = anthropic_sdk.anthropic_client()
    assert anthropic_sdk.anthropic_client() is parent
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            own = anthropic_sdk.anthropic_client() is not parent
            os.write(writing, b"own" if own else b"shared")
        finally:  # it must not go on with the tests
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"own"
