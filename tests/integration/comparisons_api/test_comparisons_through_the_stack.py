"""A request over HTTP, judged by real workers through the real broker."""

import time
from typing import Any

import pytest
from rest_framework.test import APIClient

from llmprovider.models import QueueItem
from tests.integration.comparisons_api.requests import URL, pair, request

PATIENCE_SECONDS = 120


@pytest.mark.usefixtures("stack")
def test_it_is_judged_and_acknowledged_by_the_workers(api: APIClient) -> None:
    """T36, T38: messages alone bring it to its end; no batch is needed."""
    comparisons = [pair(number, number + 1) for number in range(1, 20)]
    asked = request(comparisons=comparisons, mode="per_request")
    answer = api.post(URL, asked, format="json")
    told: dict[str, Any] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        told = api.get(answer.json()["url"]).json()
        waiting = QueueItem.objects.filter(delivered_at__isnull=True).exists()
        if told["status"] not in ("queued", "processing") and not waiting:
            break
        time.sleep(0.2)  # so often the API may be read
    assert (told["status"], told["counts"]["completed"]) == ("completed", 19)
    assert not QueueItem.objects.filter(delivered_at__isnull=True).exists()
