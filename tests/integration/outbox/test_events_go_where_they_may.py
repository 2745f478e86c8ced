"""T38: events go to allowed hosts at public addresses, to the very address that was checked."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assessment.conf import AssessmentSettings
from assessment.models import EventDelivery
from assessment.outbox import posting
from assessment.outbox.delivering import deliver_due
from tests.integration.outbox.certificates import certificate_for, serving_with
from tests.integration.outbox.events import SECRET, ended, the_delivery, tried_again
from tests.integration.outbox.receivers import Receiver, receiving

HOST = "events.example.org"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Have the system's look-up answer for HOST: one list of addresses a time, the last for ever.

    Returns what was looked up.
    """

    def answer(*turns: list[str]) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            asked.append(host)
            if host != HOST:
                raise socket.gaierror("no such host")
            found = turns[min(len(asked), len(turns)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return answer


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where connections were tried; none leaves this machine."""
    tried: list[Any] = []

    class Socket(socket.socket):
        def connect(self, place: Any) -> None:
            tried.append(place)
            if not place[0].startswith("127."):
                raise ConnectionRefusedError
            super().connect(place)

    monkeypatch.setattr(socket, "socket", Socket)
    return tried


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_refused_by_default(send_to, host):
    with receiving() as receiver:
        send_to(receiver.url(host=host), ALLOW_PRIVATE=0)
        ended()
        assert deliver_due() == 0
        assert receiver.received == []
    delivery = the_delivery()
    assert delivery.last_problem == "address_not_allowed"
    assert tried_again(7).status == "GIVEN_UP"


@pytest.mark.django_db
@pytest.mark.parametrize("allowed", [0, 1])
def test_the_address_of_a_clouds_secrets_is_always_refused(send_to, connections, allowed):
    send_to("http://169.254.169.254/latest", ALLOW_PRIVATE=allowed)
    ended()
    deliver_due()
    assert the_delivery().last_problem == "address_not_allowed"
    assert connections == []


@pytest.mark.django_db
def test_a_name_that_turns_private_is_refused(send_to, names, connections):
    """The check is made for each attempt, on what the name means then."""
    names(["93.184.215.14"], ["127.0.0.1"])
    send_to(f"http://{HOST}/", ALLOW_PRIVATE=0)
    ended()
    deliver_due()
    assert (the_delivery().last_problem, connections) == ("connection", [("93.184.215.14", 80)])
    assert tried_again().last_problem == "address_not_allowed"
    assert len(connections) == 1


@pytest.mark.django_db
def test_the_connection_goes_to_the_address_that_was_checked(send_to, names, connections):
    """One look-up an attempt: a second one could say something else (DNS rebinding)."""
    with receiving() as receiver:
        asked = names(["127.0.0.1"], ["10.0.0.1"])
        send_to(receiver.url(host=HOST))
        ended()
        assert deliver_due() == 1
        assert asked == [HOST]
        assert connections == [("127.0.0.1", receiver.port)]
        assert receiver.received[0].headers["Host"] == f"{HOST}:{receiver.port}"


@pytest.mark.django_db
def test_one_private_address_among_public_ones_is_refused(send_to, names, connections):
    names(["93.184.215.14", "10.0.0.1"])
    send_to(f"http://{HOST}/", ALLOW_PRIVATE=0)
    ended()
    deliver_due()
    assert (the_delivery().last_problem, connections) == ("address_not_allowed", [])


@pytest.mark.django_db
def test_a_name_that_nobody_knows_is_tried_again(send_to, names):
    names([])
    send_to("http://nowhere.example.org/")
    ended()
    deliver_due()
    assert (the_delivery().status, the_delivery().last_problem) == ("PENDING", "host_unknown")


@pytest.mark.django_db
def test_a_receiver_taken_from_the_settings_gets_no_more(send_to):
    with receiving() as receiver, receiving() as other:
        send_to(receiver.url())
        ended()
        send_to(other.url())
        assert deliver_due() == 0
        assert receiver.received == other.received == []
    assert the_delivery().last_problem == "target_not_allowed"


@pytest.mark.django_db
def test_no_proxy_of_the_environment_is_used(send_to, receiver: Receiver, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    ended()
    assert deliver_due() == 1


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The certificate of HOST, which this machine trusts."""
    file = certificate_for(HOST, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    posting._tls.cache_clear()
    yield file
    posting._tls.cache_clear()


@pytest.mark.django_db
def test_over_https_the_certificate_must_be_that_of_the_host(send_to, names, trusted):
    names(["127.0.0.1"])
    with receiving(tls=serving_with(trusted)) as receiver:
        send_to(receiver.url(host=HOST, scheme="https"), ALLOW_HTTP=0)
        ended()
        assert deliver_due() == 1
        send_to(receiver.url(scheme="https", host="127.0.0.1"), ALLOW_HTTP=0)
    assert [one.path for one in receiver.received] == ["/events"]


@pytest.mark.django_db
def test_the_certificate_of_another_host_is_refused(send_to, names, trusted, tmp_path):
    names(["127.0.0.1"])
    (tmp_path / "other").mkdir()
    other = certificate_for("other.example.org", tmp_path / "other")
    with receiving(tls=serving_with(other)) as receiver:
        send_to(receiver.url(host=HOST, scheme="https"), ALLOW_HTTP=0)
        ended()
        assert deliver_due() == 0
        assert receiver.received == []
    assert the_delivery().last_problem == "tls"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"URLS": '["http://events.example.org/"]', "ALLOW_HTTP": 0}, "https://"),
        ({"URLS": '["https://user:hidden@events.example.org/"]'}, "user name"),
        ({"URLS": '["https://x.org/", "events"]'}, "number 2"),
        ({"ALLOWED_HOSTS": '["other.example.org"]'}, "not among the hosts allowed"),
        ({"SECRET": ""}, "EVENT_WEBHOOK_SECRET"),
        ({"SECRET": "short-and-hidden"}, "at least 32 characters"),
    ],
)
def test_a_webhook_that_cannot_work_is_no_start(send_to, changes, words):
    """T34: and the message shows neither the secret nor what a URL hides."""
    with pytest.raises(ValidationError) as refused:
        send_to("https://events.example.org/path-is-secret", **changes)
        AssessmentSettings()
    told = f"{refused.value} {refused.value!r}"
    assert words in told
    for hidden in (SECRET, "hidden", "path-is-secret"):
        assert hidden not in told


def test_hosts_may_be_listed_by_themselves(send_to):
    send_to("https://events.example.org/", ALLOWED_HOSTS='["Events.example.org"]')
    assert AssessmentSettings().EVENT_WEBHOOK_URLS == ["https://events.example.org/"]
    assert not EventDelivery._meta.get_field("target").null
