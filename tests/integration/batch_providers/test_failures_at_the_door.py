"""A batch endpoint that cannot be reached, or refuses: one attempt, one classified error."""

import itertools

import pytest

from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError
from tests.integration.batch_providers.jobs import (
    adapter,
    collected,
    ended,
    job_file,
    requests,
    started,
    uploaded,
)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unavailable", ErrorType.SERVER_ERROR),
        ("bad_gateway", ErrorType.SERVER_ERROR),
        ("rate_limit", ErrorType.RATE_LIMIT),
        ("overloaded", ErrorType.OVERLOADED),
        ("reset", ErrorType.CONNECTION),
        ("bad_key", ErrorType.AUTHENTICATION),
        ("malformed_body", ErrorType.INVALID_RESPONSE),
    ],
)
@pytest.mark.parametrize("door", ["create", "check", "list", "cancel"])
def test_it_fails_once_and_says_how(slow, vendor, tmp_path, door, fault, kind):
    """T23: the queue owns the retries."""
    made = started(tmp_path, vendor, requests(vendor, 1))
    job = uploaded(vendor, job_file(tmp_path, vendor, requests(vendor, 1)))
    slow.fail_next(fault, at=door, retry_after=7)
    doors = {
        "create": lambda: adapter(vendor).create(job),
        "check": lambda: adapter(vendor).check(made.vendor_id),
        "list": lambda: adapter(vendor).find(job, made.created_at, []),
        "cancel": lambda: adapter(vendor).cancel(made.vendor_id),
    }
    with pytest.raises(ProviderError) as caught:
        doors[door]()
    assert caught.value.error_type is kind
    assert len(slow.state.faults) == 0 and len(slow.jobs) == 1
    if kind is ErrorType.RATE_LIMIT:
        assert caught.value.retry_after == 7


def test_an_upload_that_fails_leaves_no_file(emulator, tmp_path):
    emulator.fail_next("unavailable", at="upload")
    with pytest.raises(ProviderError):
        uploaded("openai", job_file(tmp_path, "openai", requests("openai", 1)))
    assert emulator.jobs == []


def test_results_that_break_off_can_be_read_again(emulator, vendor, tmp_path):
    job = ended(vendor, started(tmp_path, vendor, requests(vendor, 10)).vendor_id)
    emulator.fail_next("cut_off", at="results")
    first = []
    with pytest.raises(ProviderError) as caught:
        for result in adapter(vendor).collect(job):
            first.append(result.custom_id)
    assert caught.value.error_type is ErrorType.CONNECTION
    assert 0 < len(first) < 10 and len(collected(vendor, job)) == 10


def test_reading_may_stop_at_any_line(emulator, vendor, tmp_path):
    """Results are read as they come, so nothing is left open when the reader is closed."""
    job = ended(vendor, started(tmp_path, vendor, requests(vendor, 10)).vendor_id)
    reader = adapter(vendor).collect(job)
    assert len(list(itertools.islice(reader, 2))) == 2
    reader.close()
    assert len(collected(vendor, job)) == 10


@pytest.mark.parametrize("key", ["wrong-key", "barred-key", "broke-key"])
def test_a_bad_key_is_an_outage_and_no_part_of_it_is_shown(
    emulator, vendor, tmp_path, monkeypatch, key
):
    job = job_file(tmp_path, vendor, requests(vendor, 1))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, key)
    with pytest.raises(ProviderError) as caught:
        adapter(vendor).create(job)
    assert caught.value.outage and emulator.jobs == []
    assert key not in str(caught.value) and "****" not in str(caught.value)


def test_without_a_key_nothing_is_sent(emulator, vendor, tmp_path, monkeypatch):
    job = job_file(tmp_path, vendor, requests(vendor, 1))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(ProviderError, match="no key"):
        adapter(vendor).create(job)
    assert emulator.jobs == []
