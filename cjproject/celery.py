"""The Celery application; configured from Django's settings under the prefix CELERY_."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")

app = Celery("cjproject")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
