"""The project's Celery application with a world that misbehaves; for chaos tests alone.

`CHAOS` names what is wrong, by commas, and each process reads it from its own environment:

- `twice`: every message is delivered twice,
- `disorder`: messages wait up to some seconds, each for a time of its own, so they overtake,
- `clock=FILE`: this process's clock is off by the seconds that the file holds, once it is there,
- `full`: a run's documents do not fit on the disk (`tests.chaos.disks`; of commands alone).

Sweeps come every two seconds in any case, so that a scenario ends in seconds and not in minutes.
"""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos import wall_clocks

wall_clocks.misset(os.environ.get("CHAOS", ""))  # before the project looks at its clock

from cjproject.celery import app  # noqa: E402

SWEEP_SECONDS = 2.0
LATEST = 3.0

Send = Callable[..., Any]


def send_twice(send: Send) -> Send:
    """As a broker does that redelivers what was under way; the copies have the same task id.

    What a task publishes about itself (a retry) or its like (a ticket that goes on) is copied no
    more: both copies of the first message come back, and copies of copies would double each time.
    """

    def sent(producer: Any, name: str, message: Any, **options: Any) -> Any:
        result = send(producer, name, message, **options)
        headers = message.headers
        if not headers.get("retries") and "goes_on" not in headers.get("kwargsrepr", ""):
            send(producer, name, message, **options)
        return result

    return sent


def send_in_disorder(send: Send) -> Send:
    """Half of the messages may not be worked before a time of their own."""

    def sent(producer: Any, name: str, message: Any, **options: Any) -> Any:
        if not message.headers.get("eta") and random.random() < 0.5:
            due = datetime.now(UTC) + timedelta(seconds=random.uniform(0.0, LATEST))
            message.headers["eta"] = due.isoformat()
        return send(producer, name, message, **options)

    return sent


def _misbehave(what: str) -> None:
    for name in what.split(","):
        wrap = {"twice": send_twice, "disorder": send_in_disorder}.get(name)
        if wrap is None:
            continue
        app.amqp.__dict__["send_task_message"] = wrap(app.amqp.send_task_message)


app.conf.beat_schedule = {
    name: {**entry, "schedule": SWEEP_SECONDS} for name, entry in app.conf.beat_schedule.items()
}
_misbehave(os.environ.get("CHAOS", ""))
