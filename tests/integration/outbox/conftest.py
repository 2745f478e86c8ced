"""Settings under which events go to receivers on this machine."""

from collections.abc import Callable, Iterator

import pytest

from assessment.outbox import delivering
from tests.integration.api.messages import drop_messages
from tests.integration.outbox.events import SECRET
from tests.integration.outbox.receivers import Receiver, receiving
from tests.integration.spine.driving import set_assessment


@pytest.fixture(autouse=True)
def _clean_broker() -> Iterator[None]:
    drop_messages()
    yield
    drop_messages()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for some seconds is no receiver that fails."""
    monkeypatch.setattr(delivering, "ATTEMPT_SECONDS", 50.0)  # shorter than a lease
    monkeypatch.setattr(delivering, "CHUNK_SECONDS", 60.0)


@pytest.fixture
def send_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have events sent to these URLs; private addresses and http allowed unless changed."""

    def configure(*urls: str, **changes: object) -> None:
        quoted = ", ".join(f'"{url}"' for url in urls)
        values = {
            "URLS": f"[{quoted}]",
            "SECRET": SECRET,
            "ALLOW_HTTP": 1,
            "ALLOW_PRIVATE": 1,
            **changes,
        }
        set_assessment(
            monkeypatch, **{f"EVENT_WEBHOOK_{name}": value for name, value in values.items()}
        )

    return configure


@pytest.fixture
def receiver(send_to: Callable[..., None]) -> Iterator[Receiver]:
    """The one configured receiver; it takes all."""
    with receiving() as one:
        send_to(one.url())
        yield one
