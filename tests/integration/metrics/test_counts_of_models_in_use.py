"""What counts of a model begins at 0 as well, where the model was called of late."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from prometheus_client import REGISTRY, Counter

from assessment.metrics import FAILED_BATCHES
from cjproject import health
from cjproject.zero_counts import OF_LATE, begin_at_zero
from llmprovider import metrics
from llmprovider.calls.processing import process
from llmprovider.models import ProviderCall
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import bundle_of, set_queue
from tests.integration.metrics.meters import samples_of

pytestmark = pytest.mark.django_db(transaction=True)

# Counters with a model that a live call, its errors and retries, or a job can move.
MOVED = {
    "llm_provider_http_calls_total": 3,
    "llm_provider_errors_total": 12,
    "llm_provider_retries_total": 8,
    "llm_provider_tokens_total": 5,
    "llm_provider_prompt_cache_tokens_total": 2,
    "llm_provider_cost_usd_total": 1,
    "llm_provider_serial_bundle_calls_total": 1,
}


def shown(model: str) -> dict[str, int]:
    """Series of a model by the name of their metric; each must be 0 to be counted."""
    found: dict[str, int] = {}
    for (name, labels), value in samples_of(REGISTRY.collect()).items():
        if dict(labels).get("model") == model and name.endswith("_total"):
            assert value == 0
            found[name] = found.get(name, 0) + 1
    return found


@pytest.fixture
def call(monkeypatch):
    """Makes one call to a model of ours, whose counts nobody has made yet."""
    names = [f"openai_compatible:{model}" for model in ("seen-of-late", "seen-long-ago")]
    set_queue(monkeypatch, METRICS_MODELS=str(names).replace("'", '"'))
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9/v1")
    judges.put_in(monkeypatch, provider="openai_compatible")

    def made(model: str) -> ProviderCall:
        judge = {"provider": "openai_compatible", "model": model}
        process(str(bundle_of(1, overrides=judge, batch_key=model).pk))
        return ProviderCall.objects.get(model=model)

    return made


def test_a_model_called_of_late_begins_at_zero_and_one_called_long_ago_does_not(call, monkeypatch):
    """T42: its first calls after a start are an increase that alerts and panels can see"""
    call("seen-of-late")
    old = call("seen-long-ago")
    ProviderCall.objects.filter(pk=old.pk).update(started_at=old.started_at - OF_LATE)
    for counter in vars(metrics).values():  # as in a process that has just started
        if isinstance(counter, Counter):
            counter.clear()
    begin_at_zero()
    begin_at_zero()
    assert shown("seen-of-late") == MOVED
    assert shown("seen-long-ago") == {}


def test_a_database_that_is_away_keeps_no_worker_from_its_start(monkeypatch, caplog):
    def away(patience: int) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(health, "own_connection", away)
    FAILED_BATCHES.clear()
    begin_at_zero()
    assert "no models in metrics" in caplog.text
    assert samples_of([*FAILED_BATCHES.collect()])


def test_a_month_is_looked_back():
    """docs/metrics.md says so."""
    assert OF_LATE == timedelta(days=30)
