"""The messages that wait in the in-memory broker while no worker runs."""

from cjproject.celery import app


class Broker:
    """What is in the broker, as (task, arguments). Taking it out is losing it."""

    def take(self) -> list[tuple[str, list[object]]]:
        taken = []
        with app.connection_for_read() as link:
            for name in ("assessment", "upkeep", "jobs", "provider"):
                queue = link.SimpleQueue(name)
                try:
                    while True:
                        message = queue.get(block=False)
                        message.ack()
                        taken.append((message.headers["task"], message.payload[0]))
                except queue.Empty:
                    queue.close()
        return taken
