"""How often one user may ask: few requests that store something, many that only read."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.test import APIClient

from assessment.models import Batch
from cjproject.throttles import ReadThrottle, WriteThrottle
from llmprovider.models import ComparisonSet
from tests.conftest import PROJECT
from tests.integration.api import conftest as callers
from tests.integration.api.batches import request as batch_request
from tests.integration.comparisons_api.requests import request as comparisons_request

api, other, client_of, teacher = callers.api, callers.other, callers.client_of, callers.teacher
_clean = callers._clean_broker_and_throttle

BATCHES, COMPARISONS = "/api/v1/batches", "/api/v1/comparisons"
ASKED = {BATCHES: batch_request(), COMPARISONS: comparisons_request()}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in (WriteThrottle, ReadThrottle):
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"write": "2/minute", "read": "4/minute"})


@pytest.mark.parametrize("url", ASKED)
def test_the_third_request_that_stores_is_refused_and_the_reads_go_on(
    few: None, api: APIClient, other: APIClient, url: str
) -> None:
    """T38: with the seconds to wait, and nothing stored."""
    answers = [api.post(url, ASKED[url], format="json") for _ in range(3)]
    assert [answer.status_code // 100 for answer in answers] == [2, 2, 4]
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert Batch.objects.count() + ComparisonSet.objects.count() == 2
    assert api.get(url).status_code == 200
    assert other.post(url, ASKED[url], format="json").status_code in (201, 202)


def test_both_apis_count_together_and_cancelling_counts(few: None, api: APIClient) -> None:
    batch = api.post(BATCHES, ASKED[BATCHES], format="json").data["links"]
    assert api.post(batch["cancel"]).status_code == 200
    assert api.post(COMPARISONS, ASKED[COMPARISONS], format="json").status_code == 429


def test_the_fifth_read_is_refused_and_writing_goes_on(few: None, api: APIClient) -> None:
    answers = [api.get(url).status_code for url in (BATCHES, COMPARISONS) * 2]
    assert answers == [200] * 4
    assert api.get(f"{BATCHES}/1").status_code == 429
    assert api.post(BATCHES, ASKED[BATCHES], format="json").status_code == 201


def test_a_stranger_is_turned_away_before_being_counted(few: None, db: None) -> None:
    answers = {APIClient().get(BATCHES).status_code for _ in range(6)}
    assert answers == {401}


def test_a_cache_that_is_away_refuses_nobody(api: APIClient, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }
    with pytest.raises(RedisError):
        cache.get("x")
    assert api.get(BATCHES).status_code == 200


@pytest.mark.parametrize("value", ["many", "5", "0/minute", "5/fortnight", "-1/day"])
def test_a_rate_that_is_none_stops_the_start_by_its_name(value: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import cjproject.settings"],
        cwd=PROJECT,
        env={**os.environ, "CJ_DATA_DIR": str(tmp_path), "DJANGO_API_WRITE_RATE": value},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(
        "django.core.exceptions.ImproperlyConfigured: DJANGO_API_WRITE_RATE must be a number"
    )
