"""Workers load the vendors' libraries before they fork, once instead of in every child."""

from typing import Any

from celery.signals import worker_init

from cjproject import metric_folders

# Those whose tasks call vendors.
CALLING = frozenset({"provider", "jobs"})


@worker_init.connect
def load_vendors(sender: Any, **_: Any) -> None:
    """Not inside a command: there each is loaded when it is first called, as most are not."""
    from llmprovider.providers import registry

    if metric_folders.is_celery() and CALLING & set(sender.app.amqp.queues.consume_from):
        registry.load_vendors()
