"""docs/events.md: its check of a signature works, and it names what there is."""

import re
import time
from uuid import uuid4

from assessment.conf import AssessmentSettings
from assessment.outbox.signatures import headers_of
from tests.conftest import PROJECT

MANUAL = (PROJECT / "docs/events.md").read_text(encoding="utf-8")
SECRET = "a secret of at least thirty-two characters"


def test_the_check_it_shows_tells_true_events_from_others():
    (code,) = re.findall(r"^```python\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
    shown: dict = {}
    exec(code, shown)  # noqa: S102
    is_genuine = shown["is_genuine"]
    body, now = b'{"name":"\xc3\x85sa"}', int(time.time())
    headers = headers_of(SECRET, now, uuid4(), body)
    assert is_genuine(SECRET, headers, body)
    assert not is_genuine(SECRET, headers, body + b" ")
    assert not is_genuine(SECRET + "x", headers, body)
    assert not is_genuine(SECRET, {**headers, "X-Event-Id": str(uuid4())}, body)
    old = headers_of(SECRET, now - 301, uuid4(), body)
    assert not is_genuine(SECRET, old, body)


def test_it_names_every_setting():
    named = set(re.findall(r"EVENT_WEBHOOK_\w+", MANUAL))
    there = {name for name in AssessmentSettings.model_fields if name.startswith("EVENT_")}
    assert named == there
