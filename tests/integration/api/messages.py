"""What was said to the workers: messages of the in-memory broker."""

import json
from typing import Any

from cjproject.celery import app

QUEUES = ("assessment", "upkeep", "jobs", "provider")


def drop_messages() -> None:
    take_messages()


def take_messages() -> list[tuple[str, list[Any]]]:
    """Name and arguments of every waiting task, taken out of the broker."""
    found = []
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        for name in QUEUES:
            app.amqp.queues[name](channel).declare()
            while (message := channel.basic_get(name, no_ack=True)) is not None:
                found.append((message.headers["task"], json.loads(message.body)[0]))
    return found
