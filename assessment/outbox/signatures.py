"""What is posted, and the proof of who posted it. docs/events.md shows how to check it."""

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID


def body_of(document: dict[str, Any]) -> bytes:
    """The document as canonical JSON: the same bytes on each attempt, on any database."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def signature_of(secret: str, timestamp: int, event_id: UUID, body: bytes) -> str:
    """HMAC-SHA256 over "timestamp.event_id.body", as "v1=" and hexadecimal digits."""
    signed = b".".join((str(timestamp).encode(), str(event_id).encode(), body))
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def headers_of(secret: str, timestamp: int, event_id: UUID, body: bytes) -> dict[str, str]:
    """The headers of one attempt; `timestamp` is its time in seconds since 1970."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "essay-judge",
        "X-Event-Id": str(event_id),
        "X-Event-Timestamp": str(timestamp),
        "X-Event-Signature": signature_of(secret, timestamp, event_id, body),
    }
