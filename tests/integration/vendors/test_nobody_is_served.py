"""A wrong key, an unknown model, an empty account: few calls, a quick end, and plain words."""

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from assessment.models import Batch
from llmprovider.models import ProviderCall
from tests.integration.eng5.conftest import essays
from tests.integration.eng5.runner import Finished, eng5_here
from tests.integration.vendors import emulated

__all__ = ["essays"]

SLOTS = 8
KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
# The emulator knows what is wrong with a key by how it begins.
WRONG_KEY, NO_CREDIT, GOOD_KEY = "wrong-Zq7Xw2Kp9Lm4", "broke-Zq7Xw2Kp9Lm4", "good-Zq7Xw2Kp9Lm4"
UNKNOWN = {"anthropic": "claude-haiku-9-9", "openai": "gpt-9.9-mini"}


@dataclass(frozen=True)
class Run:
    """`eng5 execute` on 40 single comparisons, and what it left."""

    execute: Finished
    status: Finished
    batch: Batch
    statuses: list[int]
    error: str


@pytest.fixture(params=["anthropic", "openai"])
def provider(request) -> str:
    return request.param


@pytest.fixture(params=["key", "model", "credit"])
def run(request, provider, monkeypatch, capsys, essays, tmp_path) -> Run:
    monkeypatch.setenv("LOG_LEVEL", "INFO")  # as the command finds it, for the tests after this
    key = {"key": WRONG_KEY, "credit": NO_CREDIT}.get(request.param, GOOD_KEY)
    model = UNKNOWN[provider] if request.param == "model" else emulated.MODELS[provider]
    with emulated.vendor(monkeypatch, profile="clean") as emulator:
        monkeypatch.setenv(KEYS[provider], key)
        execute = eng5_here(
            capsys,
            *("execute", *essays, "--judge", f"{provider}:{model}", "--max-comparisons", "40"),
            *("--llm-batching-mode", "per_request", "--output", tmp_path / "run"),
        )
        statuses = [call.status for call in emulator.calls]
    status = eng5_here(capsys, "status")
    error = {
        "key": f"{provider} does not accept the key. Set {KEYS[provider]} to a valid one",
        "model": f"{provider} knows no model {model}",
        "credit": f"{provider} has no credit left for this key, or a spending limit is reached",
    }[request.param]
    return Run(execute, status, Batch.objects.get(), statuses, error)


def test_a_run_that_nobody_serves_ends_at_once_and_says_why(run: Run, provider: str) -> None:
    """T23, P-11, T34 and issue 5: in the CLI, the API and the admin, without the key."""
    # No more attempts than calls in flight.
    assert 1 <= len(run.statuses) <= SLOTS
    assert len(run.statuses) == ProviderCall.objects.count()
    assert all(status >= 400 for status in run.statuses)
    # In the first wave, and as what it is.
    batch = run.batch
    assert (batch.status, batch.stop_reason) == ("FAILED", "provider_outage")
    assert (batch.waves.count(), batch.completed) == (1, 0)

    boss = User.objects.create_superuser("boss")
    browser = Client()
    browser.force_login(boss)
    page = browser.get(reverse("admin:assessment_batch_change", args=[batch.pk])).content.decode()
    api = APIClient()
    api.force_authenticate(boss)
    detail = api.get(f"/api/v1/batches/{batch.pk}")
    assert detail.status_code == 200

    assert run.execute.code == 1
    for told in (run.execute.out, run.status.out, detail.content.decode()):
        assert "provider_outage" in told
        assert run.error in told
    assert run.error in page
    everything = [run.execute.out, run.execute.err, run.status.out, page, detail.content.decode()]
    assert not any("Zq7Xw2Kp9Lm4" in told for told in everything)
