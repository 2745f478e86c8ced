"""Heartbeats: when the periodic tasks were last at work, whichever process runs them."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """One row per periodic task. Old: beat, the broker or the workers are silent."""

    task = models.CharField(max_length=100, primary_key=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.task

    @classmethod
    def beat(cls, task: str, now: datetime) -> None:
        """The task was at work now."""
        cls.objects.update_or_create(task=task, defaults={"beaten_at": now})
