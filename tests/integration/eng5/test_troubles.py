"""A judge that fails or asks to be left alone is told wherever the waiting batch is looked at."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from assessment.eng5.following import follow
from assessment.models import Batch
from llmprovider import gates
from llmprovider.conf import get_settings
from llmprovider.contracts import ErrorType, queue
from llmprovider.providers.base import ProviderError
from tests.integration.api.messages import drop_messages
from tests.integration.assessment.essays import batch
from tests.integration.eng5.runner import eng5_here
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db(transaction=True)
LANE = ("openai", "gpt-4o")
FAILS = ProviderError(ErrorType.OVERLOADED, "the provider is overloaded")
BAD_KEY = ProviderError(
    ErrorType.AUTHENTICATION, "openai does not accept the key. Set OPENAI_API_KEY", outage=True
)
LEAVE_ALONE = ProviderError(ErrorType.RATE_LIMIT, "too many requests", retry_after=900.0)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Batch]:
    """A batch whose comparisons wait in LANE; nobody works them."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    one = driving.started(batch(judges=({"provider": LANE[0], "model": LANE[1]},)))
    assert one.status == Batch.Status.COMPARING
    yield one
    drop_messages()


def meet(error: ProviderError, times: int = 1) -> None:
    for _ in range(times):
        gates.settle(*LANE, None, timezone.now(), error=error)


def followed(one: Batch) -> str:
    stream = io.StringIO()
    follow(one.pk, stream=stream, until=lambda seen: True)
    return stream.getvalue()


def test_all_is_well_where_nothing_has_failed(waiting, capsys) -> None:
    assert queue.troubles_of(str(waiting.pk), timezone.now()) == []
    assert "waits" not in eng5_here(capsys, "status", waiting.pk).succeeded().out
    assert "Waits" not in followed(waiting)


def test_a_failing_judge_is_told_with_its_error_and_when_it_is_given_up(waiting, capsys) -> None:
    meet(FAILS, times=5)
    (trouble,) = queue.troubles_of(str(waiting.pk), timezone.now())
    assert (trouble.provider, trouble.model, trouble.kind) == (*LANE, "failing")
    tolerance = timedelta(seconds=get_settings().OUTAGE_TOLERANCE_SECONDS)
    assert trouble.since is not None and trouble.until == trouble.since + tolerance
    for told in (eng5_here(capsys, "status", waiting.pk).succeeded().out, followed(waiting)):
        assert "openai:gpt-4o has failed since" in told
        assert "the provider is overloaded" in told
        assert f"{trouble.until:%H:%M} UTC is given up" in told
    (told,) = eng5_here(capsys, "status", waiting.pk, "--json").succeeded().json
    assert told["troubles"][0]["message"] == "the provider is overloaded"


def test_a_pause_is_told_with_its_end(waiting, capsys) -> None:
    meet(LEAVE_ALONE)
    (trouble,) = queue.troubles_of(str(waiting.pk), timezone.now())
    assert (trouble.kind, trouble.since) == ("paused", None)
    for told in (eng5_here(capsys, "status", waiting.pk).succeeded().out, followed(waiting)):
        assert f"asked to be left alone until {trouble.until:%H:%M:%S} UTC" in told


def test_a_refusal_is_told_as_what_waiting_does_not_end(waiting, capsys) -> None:
    """Such a batch fails within the minute: nothing is tried again and again until some time."""
    meet(BAD_KEY)
    (trouble,) = queue.troubles_of(str(waiting.pk), timezone.now())
    assert trouble.kind == "refused"
    for told in (eng5_here(capsys, "status", waiting.pk).succeeded().out, followed(waiting)):
        assert "openai:gpt-4o refuses every call since" in told
        assert "openai does not accept the key" in told
        assert "Mend the cause and run it again" in told
        assert "tried again" not in told
        assert "given up" not in told


def test_following_tells_a_trouble_once(waiting) -> None:
    meet(FAILS, times=5)
    looks = iter([False, False, True])
    stream = io.StringIO()
    follow(waiting.pk, stream=stream, until=lambda seen: next(looks))
    assert stream.getvalue().count("has failed since") == 1


def test_it_is_over_once_a_call_is_answered_or_nothing_waits(waiting) -> None:
    meet(FAILS, times=5)
    assert queue.troubles_of("another batch", timezone.now()) == []
    gates.reopen(*LANE)
    assert queue.troubles_of(str(waiting.pk), timezone.now()) == []


def test_the_api_tells_it_too(waiting) -> None:
    meet(FAILS, times=5)
    api = APIClient()
    api.force_authenticate(User.objects.create_user("staff", is_staff=True))
    (told,) = api.get(f"/api/v1/batches/{waiting.pk}").data["troubles"]
    assert (told["provider"], told["kind"], told["error_type"]) == (
        "openai",
        "failing",
        "overloaded",
    )
    assert "has failed since" in told["words"]
