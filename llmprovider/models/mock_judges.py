"""Mock judges: what a simulated judge knows, readable by every worker process."""

from django.db import models


class MockJudge(models.Model):
    """Parameters of one simulated judge. `model` is the name used as the model of a batch."""

    model = models.CharField(max_length=120, primary_key=True)
    seed = models.BigIntegerField(default=0)
    slope = models.FloatField(help_text="Logits per grade step between two texts.")
    position_bias = models.FloatField(default=0.0, help_text="Logits for the text named first.")
    truth = models.JSONField(
        null=True, help_text="sha256 of a text -> quality in grade steps; empty: text features."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.model
