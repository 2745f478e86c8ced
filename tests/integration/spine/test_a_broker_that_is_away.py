"""Redis away: what the database has agreed to stands, and nobody waits long for a message."""

import os
import subprocess
import sys

from tests.conftest import PROJECT

SEND = """
import django
django.setup()
from assessment.lifecycle import messages
from assessment.outbox.messages import deliver_events
from llmprovider.queueing.messages import deliver
messages.start_batch(1)
messages.finish_wave(1, 1, 1, wait=2.0)
deliver("job:1", "assessment.record_results")
deliver_events()
print("went on")
"""


def test_a_message_that_cannot_be_sent_is_left_to_the_sweep() -> None:
    """It listened for a result of its own, tried 20 times and failed with what it was told of."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SEND],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "cjproject.settings",
            "DATABASE_URL": "postgres://essays:hush@127.0.0.1:1/essays",
            "REDIS_URL": "redis://:hush@127.0.0.1:1/0",
        },
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout == "went on\n", done.stderr
    assert done.stderr.count("the broker cannot be reached") == 4
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr
