"""T34, P-44, issue 7: a planted key, and a name inside an essay, looked for everywhere."""

import logging

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, reverse

from assessment.conf import get_settings as assessment_settings
from assessment.eng5.documents import run_document
from assessment.lifecycle import starting
from assessment.models import Batch
from assessment.reports.csv_exports import comparisons_csv, results_csv
from assessment.reports.rendering import render_report
from cjproject.embedded import EmbeddedStack
from llmprovider.conf import get_settings
from llmprovider.emulator import Fault
from llmprovider.emulator.job_faults import JobFault, LineFault
from llmprovider.models import ProviderCall, QueueItem
from llmprovider.providers.anthropic_sdk import anthropic_client
from llmprovider.providers.openai_sdk import openai_client
from tests.integration.llmprovider.comparisons import retry_at_once, set_queue
from tests.integration.security.watching import (
    FILE,
    KEPT,
    KEY,
    KEY_PIECES,
    MARKER,
    NAME,
    TEXTS,
    assert_nothing_leaked,
    assert_prompts_are_clean,
    found_in_rows,
    pieces,
    secret_batch,
    watched,
)
from tests.integration.spine import driving
from tests.integration.vendors.emulated import MODELS, ended, wait_until

VENDORS = sorted(MODELS)
# After one of these nobody is served.
OUTAGES = [
    *(Fault.BAD_KEY, Fault.FORBIDDEN, Fault.QUOTA, Fault.SPEND_LIMIT, Fault.UNKNOWN_MODEL),
    *(Fault.BAD_REQUEST, Fault.ECHOING_ERROR),
]
PASSING = [fault for fault in Fault if fault not in OUTAGES]
LIVE = {"llm_batching_mode_override": "per_request"}
JOB = {"llm_batching_mode_override": "provider_batch_api"}
# Seconds for an answer; the second where one call hangs, and a late answer does no harm.
PATIENT, IMPATIENT = 60, 1


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    retry_at_once(monkeypatch)
    set_queue(
        monkeypatch,
        PROVIDER_TIMEOUT_SECONDS=PATIENT,
        CIRCUIT_FAILURE_THRESHOLD=1_000,
        BATCH_POLL_FIRST_SECONDS=0.1,
    )


@pytest.mark.parametrize("mode", [LIVE, JOB], ids=["live", "job"])
@pytest.mark.parametrize("provider", VENDORS)
def test_through_the_stack_nothing_leaks(monkeypatch, transactional_db, provider, mode) -> None:
    """Messages, results of tasks, prompts, rows, metrics, files; one vendor error echoes both."""
    with watched(monkeypatch) as (emulator, witness):
        emulator.fail_next("echoing_error")
        one = secret_batch(provider, overrides=mode)
        with EmbeddedStack():
            starting.announce(one)
            ended(one)
        assert one.status == "COMPLETED"
        assert witness.messages
        assert "celery.worker.strategy" in witness.log.text
        assert_prompts_are_clean(witness)
        assert_nothing_leaked(witness)
        assert_shown_pages_are_clean(one)


@pytest.mark.parametrize("provider", VENDORS)
def test_no_error_of_a_vendor_gives_anything_away(monkeypatch, db, provider) -> None:
    """Every fault that passes, one after the other, in one batch."""
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=IMPATIENT)
    with watched(monkeypatch) as (emulator, witness):
        for fault in PASSING:
            emulator.fail_next(fault)
        one = driving.run(secret_batch(provider, students=8, overrides=LIVE))
        assert one.ended
        wait_until(
            lambda: {call.fault for call in emulator.calls} >= set(map(str, PASSING)),
            60,
            "every fault to be played",
        )
        assert ProviderCall.objects.exclude(error_type="").exists()
        assert_prompts_are_clean(witness)
        assert_nothing_leaked(witness)


@pytest.mark.parametrize("fault", OUTAGES)
@pytest.mark.parametrize("provider", VENDORS)
def test_no_refusal_for_good_gives_anything_away(monkeypatch, db, provider, fault) -> None:
    """OpenAI shows the ends of a key that it refuses; an echoing error shows key and prompt."""
    with watched(monkeypatch) as (emulator, witness):
        emulator.fail_next(fault, times=50)
        one = driving.run(secret_batch(provider, students=3, overrides=LIVE))
        assert one.status == "FAILED"
        assert pieces(one.failure, *KEY_PIECES, *TEXTS) == []
        assert QueueItem.objects.exclude(error=None).exists()
        assert_nothing_leaked(witness)


@pytest.mark.parametrize("fault", [*JobFault, *LineFault, Fault.BAD_KEY, Fault.ECHOING_ERROR])
@pytest.mark.parametrize("provider", VENDORS)
def test_no_fault_of_a_job_gives_anything_away(monkeypatch, db, provider, fault) -> None:
    if fault is JobFault.NO_REPLY:
        set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=IMPATIENT)
    with watched(monkeypatch) as (emulator, witness):
        if fault in set(Fault):
            emulator.fail_next(fault, times=2)
        else:
            emulator.fail_jobs(fault)
        batch = driving.started(secret_batch(provider, students=3, overrides=JOB))
        for _ in range(5):
            driving.tend_jobs(batch)
        assert witness.requests
        assert_nothing_leaked(witness)


def test_the_search_finds_what_is_planted(monkeypatch, db) -> None:
    """Or all of this would prove nothing."""
    with watched(monkeypatch) as (_, witness):
        one = driving.run(secret_batch("openai", students=2, overrides=LIVE))
        assert found_in_rows() == set()
        one.pairs.update(justification=f"He wrote: {MARKER}")
        one.warnings = [{"code": "x", "message": KEY}]
        one.save(update_fields=["warnings"])
        found = {(model, field) for model, field, _ in found_in_rows()}
        assert found == {("ComparisonPair", "justification"), ("Batch", "warnings")}
        for plant in (KEY, NAME):
            logging.getLogger("httpx2").debug("sent %s", {"text": plant})
            assert pieces(witness.log.text, plant) == [plant]
        with pytest.raises(AssertionError):
            assert_shown_pages_are_clean(one)


def test_no_repr_holds_a_secret(monkeypatch, db) -> None:
    with watched(monkeypatch):
        batch = secret_batch("openai", students=2)
        essay = batch.essays.first()
        shown = [
            repr(thing)
            for thing in (
                *(get_settings(), assessment_settings(), batch, essay, vars(get_settings())),
                *(anthropic_client(), openai_client()),
            )
        ]
        assert pieces(" ".join(shown), *KEY_PIECES, *TEXTS) == []


def assert_shown_pages_are_clean(one: Batch) -> None:
    """Report and tables show files' names and justifications; the admin also essays, on request."""
    document = run_document(one)
    for text in (render_report(document), results_csv(document), comparisons_csv(document)):
        assert FILE in text
        assert pieces(text, *KEY_PIECES, *TEXTS) == []
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    for model in apps.get_models():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        try:
            listed = client.get(reverse(f"admin:{name}_changelist"))
        except NoReverseMatch:  # not in the admin
            continue
        assert listed.status_code == 200
        assert pieces(listed.content.decode(), *KEY_PIECES, *TEXTS) == []
        row = model._default_manager.first()
        if row is None:
            continue
        page = client.get(reverse(f"admin:{name}_change", args=[row.pk]))
        secrets = KEY_PIECES if model.__name__ in KEPT else (*KEY_PIECES, *TEXTS)
        assert page.status_code == 200
        assert pieces(page.content.decode(), *secrets) == []
