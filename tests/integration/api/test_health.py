"""Probes: open to all, and silent about everything but up or down."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client

from tests.conftest import PROJECT


def test_healthz_needs_no_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_tells_that_the_database_answers(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "parts": {"database": "ok"}},
    )


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_for_reading(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


ASK = """
import json, django
django.setup()
from django.test import Client
answer = Client().get("/readyz")
print(json.dumps([answer.status_code, answer.json()]))
"""


def test_readyz_names_the_parts_that_are_down_and_no_secret() -> None:
    """A process of its own, with servers in its settings that do not exist."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "cjproject.settings",
        "DATABASE_URL": "postgres://essays:hush@127.0.0.1:1/essays",
        "REDIS_URL": "redis://:hush@127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    status, told = json.loads(done.stdout)
    assert status == 503
    assert told == {"status": "down", "parts": {"database": "down", "broker": "down"}}
    assert "hush" not in done.stdout + done.stderr
