"""Texts, each stored once, under the hash of their content."""

from django.db import models


class StoredDocument(models.Model):
    """One essay's text. The same text in many comparisons and batches is one row."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()
    tokens = models.PositiveIntegerField(help_text="Estimated input tokens of the text.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "document"

    def __str__(self) -> str:
        return self.sha256[:12]


class InstructionSet(models.Model):
    """System prompt, task and rubric that go before the texts."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    system_prompt = models.TextField(blank=True)
    task = models.TextField(blank=True)
    rubric = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "instructions"
        verbose_name_plural = "instructions"

    def __str__(self) -> str:
        return self.sha256[:12]
