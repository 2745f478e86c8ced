"""Bodies and signatures of events."""

import hashlib
import hmac
from uuid import UUID

import pytest

from assessment.outbox.signatures import body_of, headers_of, signature_of

SECRET = "a secret of at least thirty-two characters"
EVENT = UUID("12345678-1234-5678-1234-567812345678")


def test_the_same_document_gives_the_same_bytes_in_any_order():
    one = {"b": [1, 2.5, None], "a": {"å": "Åsa", "z": True}}
    other = {"a": {"z": True, "å": "Åsa"}, "b": [1, 2.5, None]}
    assert body_of(one) == body_of(other) == '{"a":{"z":true,"å":"Åsa"},"b":[1,2.5,null]}'.encode()


def test_what_is_no_json_is_not_sent():
    with pytest.raises(ValueError):
        body_of({"score": float("nan")})


def test_the_signature_is_of_time_id_and_body():
    body = b'{"a":1}'
    signed = b"1700000000.12345678-1234-5678-1234-567812345678." + body
    digits = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert signature_of(SECRET, 1_700_000_000, EVENT, body) == f"v1={digits}"
    assert headers_of(SECRET, 1_700_000_000, EVENT, body) == {
        "Content-Type": "application/json",
        "User-Agent": "essay-judge",
        "X-Event-Id": str(EVENT),
        "X-Event-Timestamp": "1700000000",
        "X-Event-Signature": f"v1={digits}",
    }


@pytest.mark.parametrize(
    "other",
    [
        (SECRET + "!", 7, EVENT, b"{}"),
        (SECRET, 8, EVENT, b"{}"),
        (SECRET, 7, UUID(int=1), b"{}"),
        (SECRET, 7, EVENT, b"{ }"),
    ],
)
def test_any_change_gives_another_signature(other):
    assert signature_of(*other) != signature_of(SECRET, 7, EVENT, b"{}")
