"""A worker that Celery cannot keep at work ends, so that its supervisor starts another."""

import sys
from pathlib import Path

import pytest
from celery import Celery

from tests.servers.conftest import MakeSite
from tests.servers.held_tasks import HELD
from tests.servers.processes import wait_until
from tests.servers.redis_servers import running_redis

pytestmark = pytest.mark.servers

PATIENCE = 120.0


def test_it_ends_though_a_child_cannot_be_rid_of_its_result(
    make_site: MakeSite, tmp_path: Path
) -> None:
    """T2: Redis goes while a task is under way, and Celery gives up."""
    with running_redis() as redis, make_site(REDIS_URL=redis.url(0), HELD_IN=str(tmp_path)) as site:
        celery = (sys.executable, "-m", "celery", "-A", "tests.servers.held_tasks", "worker")
        worker = site.start("held", [*celery, "--queues", "assessment", "--concurrency", "1"])
        with Celery(broker=redis.url(0), set_as_current=False) as client:
            client.send_task(HELD, queue="assessment")
        wait_until((tmp_path / "begun").exists, PATIENCE, "the task to begin", alive=[worker])
        redis.crash(keeping=False)
        wait_until(lambda: "Unrecoverable" in worker.stderr, PATIENCE, "it to give up", [worker])
        (tmp_path / "may-end").touch()
        assert worker.wait(PATIENCE) == 1
