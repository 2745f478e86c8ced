"""Addresses of a vendor's service that are none: refused before anything is sent or reserved."""

from decimal import Decimal

import httpx2
import pytest

from llmprovider.calls.processing import process
from llmprovider.contracts import ErrorType
from llmprovider.models import ProviderCall
from llmprovider.providers import registry
from llmprovider.providers.base import ProviderError
from llmprovider.providers.registry import judge_problem, provider_for
from tests.integration.llmprovider.comparisons import bundle_of, statuses
from tests.integration.providers.wires import MODELS, WELL, answering, asking, lay, raising

BASE_URLS = {"anthropic": "ANTHROPIC_BASE_URL", "openai": "OPENAI_BASE_URL"}
NO_ADDRESS = [
    "",
    "localhost:9999",
    "proxy.school.se/v1",
    "ftp://x/v1",
    "http://",
    "http://a b/",
    "http://x:y/",
]


@pytest.mark.parametrize("provider", sorted(BASE_URLS))
@pytest.mark.parametrize("address", NO_ADDRESS)
def test_a_base_url_that_is_none_is_refused(monkeypatch, provider, address):
    """T33: at submission, and in a worker whose environment differs."""
    wire = lay(monkeypatch, answering(WELL[provider]()))
    monkeypatch.setenv(BASE_URLS[provider], address)
    problem = judge_problem(provider, MODELS[provider])
    assert problem is not None and BASE_URLS[provider] in problem and "Unset it" in problem
    with pytest.raises(ProviderError) as raised:
        provider_for(provider).call(asking(provider))
    assert (raised.value.error_type, raised.value.outage) == (ErrorType.INVALID_REQUEST, True)
    assert wire.requests == []


@pytest.mark.parametrize("provider", sorted(BASE_URLS))
def test_a_base_url_that_is_one_is_used(monkeypatch, provider):
    wire = lay(monkeypatch, answering(WELL[provider]()))
    monkeypatch.setenv(BASE_URLS[provider], "http://proxy.test:8080/vendor")
    assert judge_problem(provider, MODELS[provider]) is None
    provider_for(provider).call(asking(provider))
    assert wire.requests[0].url.host == "proxy.test"


@pytest.mark.parametrize("provider", sorted(WELL))
@pytest.mark.parametrize(
    ("cause", "unsent"),
    [
        (httpx2.UnsupportedProtocol("x"), True),
        (httpx2.LocalProtocolError("x"), True),
        (httpx2.PoolTimeout("x"), True),
        (httpx2.ConnectTimeout("x"), True),
        (httpx2.ConnectError("x"), True),
        (httpx2.InvalidURL("x"), True),
        (httpx2.ReadTimeout("x"), False),
        (httpx2.WriteError("x"), False),
        (httpx2.RemoteProtocolError("x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_was_never_on_its_way_is_told_apart(monkeypatch, provider, cause, unsent):
    """T23: only what may have arrived can be billed."""
    lay(monkeypatch, raising(cause))
    with pytest.raises(ProviderError) as raised:
        provider_for(provider).call(asking(provider))
    assert raised.value.unsent is unsent
    assert raised.value.error_type in (ErrorType.CONNECTION, ErrorType.TIMEOUT)


@pytest.mark.django_db
def test_a_worker_without_an_address_reserves_no_money(monkeypatch):
    """T33: the environment of the worker is not that of the web process."""
    lay(monkeypatch, answering({}))
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:9999")
    process(str(bundle_of(2, overrides={"provider": "openai", "model": "gpt-4o"}).pk))
    call = ProviderCall.objects.get()
    assert (call.reserved_usd, call.priced, call.error_type) == (0, True, "invalid_request")
    assert statuses() == ["failed"] * 2


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [False, True])
def test_a_fault_of_ours_before_the_call_frees_the_money(monkeypatch, asked):
    """Once the vendor may have been asked, the bill is not known."""

    def fault(*request: object) -> None:
        raise RuntimeError("a bug")

    judge = type("Judge", (), {"call": fault})
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    monkeypatch.setitem(registry._ADAPTERS, "openai", judge if asked else fault)
    with pytest.raises(RuntimeError):
        process(str(bundle_of(2, overrides={"provider": "openai", "model": "gpt-4o"}).pk))
    assert (ProviderCall.objects.get().reserved_usd > Decimal(0)) is asked
