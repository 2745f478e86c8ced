"""Celery's lines about tasks: none of those that go well, so that a batch's lines are not pushed
out of logs of a bounded size; all of those that fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

# What Celery says of one task, by the settings of a worker that was started with --loglevel=INFO.
SAY = """
import logging
from cjproject.celery import keep_the_log
keep_the_log(loglevel=logging.INFO)
from celery.app import trace
from celery.worker import strategy
about = {"id": "1", "name": "assessment.monitor_batches", "return_value": "None", "runtime": 0.1}
strategy.logger.info(trace.LOG_RECEIVED, about, extra={"data": about})
trace.info(trace.LOG_SUCCESS, about)
trace.logger.error("failed", extra={"data": about})
logging.getLogger("celery.worker.consumer").info("connected")
"""


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("INFO", ["failed", "connected"]),
        ("DEBUG", ["received", "succeeded", "failed", "connected"]),
    ],
)
def test_those_that_go_well_are_told_only_when_asked(
    tmp_path: Path, level: str, said: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "CJ_DATA_DIR": str(tmp_path),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": level,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    messages = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert [word for message in messages for word in said if word in message] == said
    assert len(messages) == len(said)
