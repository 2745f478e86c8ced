"""Accounts: what each batch may spend, and when it last had a turn."""

from django.db import models


class BatchAccount(models.Model):
    """One row for each `batch_key`. Its lock makes those who spend for the batch go one by one."""

    batch_key = models.CharField(max_length=100, primary_key=True)
    money_cap = models.DecimalField(
        max_digits=12, decimal_places=4, null=True, blank=True, help_text="USD; empty: none."
    )
    settled_usd = models.DecimalField(
        max_digits=14,
        decimal_places=8,
        default=0,
        help_text="Sum of its calls that are marked as in the account: billed, or possibly so.",
    )
    last_turn_at = models.DateTimeField(
        null=True, blank=True, help_text="When a worker last took up one of its bundles."
    )
    expected = models.PositiveIntegerField(
        default=0,
        help_text="Comparisons of a large wave that are still to be handed in; the queue keeps "
        "their places, and none of the wave goes by job before they are.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.batch_key
