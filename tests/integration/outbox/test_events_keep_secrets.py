"""T34: neither the secret nor a receiver's path nor a text of an essay is written down."""

import json
import logging

import pytest

from assessment.conf import AssessmentSettings, get_settings
from assessment.models import Batch, EventDelivery
from assessment.outbox.delivering import deliver_due
from tests.integration.assessment.essays import batch
from tests.integration.outbox.events import SECRET, tried_again
from tests.integration.outbox.receivers import receiving, resets, says
from tests.integration.spine import driving

ESSAY = "A sentence about schools."
PATH = "/path-is-secret?key=as-well"


@pytest.mark.django_db
def test_no_log_and_no_event_holds_a_secret_or_a_text(send_to, caplog):
    caplog.set_level(logging.DEBUG)
    with receiving(says(500), resets, says(404), says(200)) as receiver:
        send_to(receiver.url(PATH))
        one = driving.run(batch(3))
        deliver_due()
        tried_again(3)
        assert len(receiver.received) == 4
        sent = str(receiver.received)
    assert "event delivered" in caplog.text and "host=127.0.0.1" in caplog.text
    for hidden in (SECRET, "path-is-secret", "as-well", ESSAY, "student_000"):
        assert hidden not in caplog.text
    assert ESSAY not in sent and SECRET not in sent
    kept = json.dumps([one.settings_in_force, list(Batch.objects.values())], default=str)
    kept += str(list(EventDelivery.objects.values("last_problem", "last_status")))
    assert SECRET not in kept and "path-is-secret" not in kept


@pytest.mark.django_db
def test_an_error_in_sending_is_told_without_its_words(send_to, caplog, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"{ESSAY} {SECRET}")

    with receiving() as receiver:
        send_to(receiver.url(PATH))
        driving.run(batch(2))
        with monkeypatch.context() as patched:
            patched.setattr("assessment.outbox.delivering.headers_of", broken)
            assert deliver_due() == 0
        assert EventDelivery.objects.get().last_problem == "internal_error"
        assert tried_again().status == "DELIVERED"
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text and ESSAY not in caplog.text


def test_the_settings_do_not_show_it(send_to):
    send_to("https://events.example.org/path-is-secret")
    settings = AssessmentSettings()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in shown and "path-is-secret" not in shown
    assert get_settings().EVENT_WEBHOOK_SECRET.get_secret_value() == SECRET
