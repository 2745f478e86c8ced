"""The Celery application; configured from Django's settings under the prefix CELERY_."""

import logging
import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from cjproject import metrics_endpoints, zero_counts  # noqa: F401 (connects to Celery's signals)
from cjproject.wordless_tasks import WordlessTask

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")

metrics_endpoints.prepare()

app = Celery("cjproject", task_cls=WordlessTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_the_log(loglevel: int | None = None, **_: Any) -> None:
    """Celery's lines go where all others go; `--loglevel` may ask for more of them."""
    from django.conf import settings

    root = logging.getLogger()
    if not root.handlers:
        logging.config.dictConfig(settings.LOGGING)
    root.setLevel(min(root.level, loglevel or root.level))
