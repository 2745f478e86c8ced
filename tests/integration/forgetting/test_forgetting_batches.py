"""`manage.py cj_forget`: nothing of an ended batch is left, and nothing else is touched."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from assessment.models import Batch
from cjproject.checkups import check_up
from llmprovider.models import BatchJob, QueueItem, StoredDocument
from tests.integration.doctor import worlds
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

# Of an installation, not of a batch.
KEPT = {"assignment", "anchor", "instructionset", "gate", "grant", "mockjudge"}


def forget(*arguments: object) -> str:
    out = StringIO()
    call_command("cj_forget", *map(str, arguments), stdout=out)
    return out.getvalue()


def left() -> Iterator[str]:
    for app in ("assessment", "llmprovider"):
        for model in apps.get_app_config(app).get_models():
            if model._meta.model_name not in KEPT and model._default_manager.exists():
                yield model.__name__


@pytest.mark.parametrize("mode", worlds.MODES)
def test_no_row_of_the_batch_is_left(mode: str) -> None:
    one = driving.run(worlds.in_mode(mode))
    assert set(left()) >= {"Essay", "ComparisonPair", "QueueItem", "StoredDocument", "Bundle"}
    assert "deleted" in forget(one.pk, "--yes")
    assert list(left()) == []


def test_other_batches_keep_the_texts_that_they_share() -> None:
    kept = driving.run(worlds.in_mode("per_request"))
    gone = driving.run(worlds.in_mode("per_request"))
    texts = StoredDocument.objects.count()
    items = QueueItem.objects.filter(batch_key=str(kept.pk)).count()
    forget(gone.pk, "--yes")
    assert list(Batch.objects.all()) == [kept]
    assert StoredDocument.objects.count() == texts
    assert QueueItem.objects.count() == items
    assert check_up().clean


def test_without_yes_it_only_shows() -> None:
    one = driving.run(worlds.in_mode("per_request"))
    before = set(left())
    assert "3 essays" in (said := forget(one.pk)) and "Nothing was deleted" in said
    assert set(left()) == before


def test_a_batch_that_has_not_ended_is_refused() -> None:
    one = worlds.started()
    with pytest.raises(CommandError, match="cancel it first") as refused:
        forget(one.pk, "--yes")
    assert refused.value.returncode == 2
    assert Batch.objects.count() == 1


def test_a_batch_whose_job_is_not_collected_is_refused() -> None:
    one = driving.run(worlds.in_mode("provider_batch_api"))
    BatchJob.objects.update(status=BatchJob.Status.SUBMITTED)
    with pytest.raises(CommandError, match="still under way"):
        forget(one.pk, "--yes")
    assert Batch.objects.get() == one and QueueItem.objects.exists()
