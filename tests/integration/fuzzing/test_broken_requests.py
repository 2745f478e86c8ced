"""Requests that would do, with one value in them replaced by another: nothing half-written."""

import copy
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from assessment.models import Anchor, Assignment, Batch, Essay
from llmprovider.models import ComparisonSet, QueueItem, StoredDocument
from tests.integration.api.batches import anchor, essay
from tests.integration.api.batches import request as batch_request
from tests.integration.comparisons_api.requests import request as comparisons_request

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
WHOLE = {
    "/api/v1/batches": batch_request(
        essays=[*(essay(number) for number in range(3)), anchor(1), anchor(3)],
        pairs=[{"essay_a": "student_0", "essay_b": "student_1"}],
        judges=[
            {
                "provider": "mock",
                "model": "latent-quality",
                "price": {"input_per_million": 1, "output_per_million": 2},
            }
        ],
        max_comparisons_override=9,
        batch_config_overrides={
            "seed": 7,
            "money_cap_usd": "1.50",
            "judgements_per_pair": 1,
            "bundle_size_override": 4,
            "llm_batching_mode_override": "per_request",
        },
        llm_config_overrides={"max_tokens": 900},
        bos_batch_id="x",
    ),
    "/api/v1/comparisons": comparisons_request(
        money_cap_usd="0.50", priority=3, mode="per_request", max_tokens=800
    ),
}
# Words that have a meaning somewhere, and numbers at the edge of what something can hold.
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, "1e400"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", " ", "\0", "\ud800", "\u202e", "=1+1", "../x", "NaN", "A,B", "a" * 5_000]),
    st.text(max_size=20),
    st.sampled_from(["serial_bundle", "provider_batch_api", "mock", "anthropic", "openai"]),
    # Another name for the field, where it is one.
    st.text(max_size=5).map(lambda name: {"renamed": name + "\ud800"}),
    st.recursive(
        st.just({}),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
)


@pytest.fixture
def client(db: None) -> Iterator[APIClient]:
    logging.disable(logging.ERROR)
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(User.objects.create_user("teacher"))
    yield client
    logging.disable(logging.NOTSET)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to everything in a request."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path] * bool(path) + [
        found for key, one in inner for found in places(one, (*path, key))
    ]


def with_value(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(whole)
    *outer, last = path
    target = changed
    for key in outer:
        target = target[key]
    if isinstance(target, dict) and isinstance(value, dict) and "renamed" in value:
        target[value["renamed"]] = target.pop(last)
    else:
        target[last] = value
    return changed


def rows() -> dict[str, int]:
    kept = (Batch, Essay, Assignment, Anchor, ComparisonSet, QueueItem, StoredDocument)
    return {model.__name__: model.objects.count() for model in kept}


@pytest.mark.parametrize("url", WHOLE)
def test_one_wrong_value_is_refused_whole_or_taken_whole(client: APIClient, url: str) -> None:
    """Issue 7: 400 with the field named, or all of it stored; never a 500."""
    whole = WHOLE[url]
    fields = places(whole)

    @QUICK
    @given(st.sampled_from(fields), VALUES)
    def ask(path: tuple[Any, ...], value: Any) -> None:
        cache.clear()
        before = rows()
        asked = json.dumps(with_value(whole, path, value))  # also what UTF-8 cannot hold
        answer = client.generic("POST", url, asked, content_type="application/json")
        after = rows()
        assert answer.status_code in (201, 202, 400), (path, ascii(value), answer.content)
        assert answer.headers["Content-Type"] == "application/json"
        if answer.status_code == 400:
            assert after == before
            assert answer.json(), "says what is wrong"
        elif url.endswith("batches"):
            assert after["Batch"] == before["Batch"] + 1
            batch = Batch.objects.latest("pk")
            assert batch.essays.count() == after["Essay"] - before["Essay"] > 0
        else:
            assert after["ComparisonSet"] == before["ComparisonSet"] + 1
            stored = ComparisonSet.objects.latest("created_at")
            assert len(stored.comparisons) == after["QueueItem"] - before["QueueItem"] > 0

    ask()


@pytest.mark.parametrize("url", WHOLE)
def test_a_body_that_is_no_request_is_refused(client: APIClient, url: str) -> None:
    @QUICK
    @given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.booleans())
    def ask(body: bytes, form: bool) -> None:
        cache.clear()
        before = rows()
        kind = "multipart/form-data; boundary=x" if form else "application/json"
        answer = client.generic("POST", url, body, content_type=kind)
        assert answer.status_code in (400, 415), answer.content
        assert answer.headers["Content-Type"] == "application/json"
        assert rows() == before

    ask()


NAMES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.sampled_from(
        ["../../etc/passwd", "..\\..\\x.txt", "C:\\x.txt", "=1+1.txt", "a\0b.txt", "x" * 300]
    ),
    st.sampled_from(["\u202etxt.exe", "a\r\nX: y.txt", "<img src=x>.txt", '"; x="y.txt', ".txt"]),
)


def test_a_file_may_have_any_name(client: APIClient) -> None:
    """Path traversal, control and writing-direction characters, markup: none leaves its cell."""
    whole = WHOLE["/api/v1/batches"]

    @QUICK
    @given(NAMES, st.sampled_from([".txt", ".docx", ".pdf", ".csv", ""]), st.binary(max_size=40))
    def ask(name: str, suffix: str, content: bytes) -> None:
        cache.clear()
        before = rows()
        # By hand: a client of Python's would escape what an attacker would not.
        body = b"".join(
            b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head, part)
            for head, part in (
                (b'name="assignment"', b"schools"),
                (b'name="grade_scale"', ",".join(whole["grade_scale"]).encode()),
                (b'name="judges"', b'[{"provider": "mock", "model": "latent-quality"}]'),
                (b'name="students"; filename="anna.txt"', b"Schools are good."),
                (b'name="students"; filename="%s"' % (name + suffix).encode(), content),
            )
        )
        answer = client.generic(
            "POST",
            "/api/v1/batches",
            body + b"--x--\r\n",
            content_type="multipart/form-data; boundary=x",
        )
        assert answer.status_code in (201, 400), answer.content
        if answer.status_code == 400:
            assert rows() == before
        for stored in Essay.objects.values_list("name", flat=True):
            assert stored.isprintable() and "/" not in stored and len(stored) <= 200

    ask()
