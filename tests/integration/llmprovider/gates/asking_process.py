"""A worker process for the tests: asks for all it can get at the moments it is told.

Reads seconds from its input, one a line, and answers each line with how many calls it was granted.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
django.setup()

from django.db import transaction  # noqa: E402

from llmprovider import gates  # noqa: E402
from llmprovider.contracts import TokenUsage  # noqa: E402
from llmprovider.gates import admission  # noqa: E402

LANE = ("anthropic", "large")
NEED = gates.Need(500, 300)
USED = TokenUsage(input=400, output=100)
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

# It is the second that it is told, however long it waits for a lock.
admission.time = SimpleNamespace(monotonic=lambda: 0.0)


def ask(moment: datetime) -> int:
    """Until told to wait. Every call ends at the moment it began."""
    granted = 0
    while True:
        with transaction.atomic():
            found = gates.admit(*LANE, NEED, moment)
        if not isinstance(found, gates.Admitted):
            return granted
        granted += 1
        with transaction.atomic():
            gates.settle(*LANE, found.grant_id, moment, usage=USED)


for line in sys.stdin:
    sys.stdout.write(f"{ask(START + timedelta(seconds=float(line)))}\n")
    sys.stdout.flush()
