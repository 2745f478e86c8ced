"""The Celery application; configured from Django's settings under the prefix CELERY_."""

import logging
import logging.config
import os
import sys
from typing import Any, Final

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging

from cjproject import (
    environments,
    metric_folders,
    metrics_endpoints,
    warm_starts,  # noqa: F401 (connects to Celery's signals)
    zero_counts,  # noqa: F401 (connects to Celery's signals)
)
from cjproject.giving_up import EndsAfterGivingUp
from cjproject.wordless_tasks import WordlessTask

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")

if metric_folders.is_celery():
    environments.check()  # its commands read settings for the defaults of their options
metrics_endpoints.prepare()

app = Celery("cjproject", task_cls=WordlessTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(EndsAfterGivingUp)

NEEDS_REDIS: Final = (
    "REDIS_URL is not set: web and eng5 judge by themselves, and send nothing to other processes. "
    "Workers and beat are for servers; give them, web and eng5 the same REDIS_URL and DATABASE_URL."
)


@celeryd_init.connect
@beat_init.connect
def refuse_without_broker(**_: Any) -> None:
    """A worker or beat of its own has a broker in memory all to itself, which nobody sends to."""
    from django.conf import settings

    if settings.EMBEDDED and metric_folders.is_celery():  # the embedded beat sends its signal too
        print(NEEDS_REDIS, file=sys.stderr)  # noqa: T201
        raise SystemExit(2)


@setup_logging.connect
def keep_the_log(loglevel: int | None = None, **_: Any) -> None:
    """Celery's lines go where all others go; `--loglevel` may ask for more of them."""
    from django.conf import settings

    root = logging.getLogger()
    if not root.handlers:
        logging.config.dictConfig(settings.LOGGING)
    root.setLevel(min(root.level, loglevel or root.level))
