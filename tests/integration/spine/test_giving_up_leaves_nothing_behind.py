"""A batch given up while it is scored: nothing of it is pending, asked or paid for later."""

from datetime import timedelta

import pytest
from django.utils import timezone

from assessment.lifecycle.monitoring import monitor
from assessment.lifecycle.waves import finishing
from assessment.lifecycle.waves.finishing import finish_wave
from assessment.models import Batch
from cjproject.checkups import check_up
from llmprovider.models import QueueItem
from tests.integration.assessment.essays import batch
from tests.integration.spine import driving


def unmeasurable(*_: object) -> None:
    raise ArithmeticError


@pytest.mark.django_db
def test_comparisons_that_were_under_way_end_with_the_batch(monkeypatch):
    """P-33, P-21: measuring failed while comparisons were pending, and no finaliser ever ran."""
    one = driving.started(batch(5))
    monkeypatch.setattr(finishing, "measure", unmeasurable)
    finish_wave(one.pk, 1, 1)
    one.refresh_from_db()
    assert one.status == "SCORING"
    for hours in (1, 6):
        monitor(timezone.now() + timedelta(hours=hours))
    one = Batch.objects.get()
    assert (one.status, one.stop_reason) == ("FAILED", "internal_error")
    assert set(QueueItem.objects.values_list("status", flat=True)) == {"cancelled"}
    assert driving.counters(one) == driving.counted(one) == (0, 0, 0)
    assert check_up().findings == ()
