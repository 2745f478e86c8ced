"""A batch with a secret in it, and everything that could give the secret away."""

import json
import logging.config
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.apps import apps
from django.conf import settings
from prometheus_client import generate_latest

from assessment.intake import sha256_of
from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.creating.specs import JudgeSpec
from assessment.models import Batch
from llmprovider.emulator import Emulator, servers
from llmprovider.emulator.http_messages import Reply, Request
from llmprovider.emulator.states import State
from llmprovider.emulator.vendor_errors import masked
from llmprovider.providers import anthropic_sdk, openai_sdk
from tests.emulators import running
from tests.integration.assessment.essays import spec
from tests.integration.vendors.emulated import MODELS

KEY = "sk-planted-0123456789-Key-9876543210"
# Vendors show the ends of a key. Nobody else may.
KEY_PIECES = (KEY, KEY[:12], KEY[-12:], masked(KEY))
NAME = "Wilhelmina Quistgaard"  # a pupil who signed the essay
MARKER = "The heron stood in the planted sentence"
FILE = "elev-hedvig-7b"  # stands in the name of each file
TEXTS = (NAME, MARKER)

# Where essays are kept: model -> fields.
KEPT = {"Essay": {"text"}, "Anchor": {"text"}, "StoredDocument": {"text"}}
NOISY = (
    *("anthropic", "openai", "httpx2", "httpcore2", "celery", "kombu", "django", "amqp"),
    *("celery.app.trace", "celery.worker.strategy"),  # levels of their own
    *("llmprovider", "assessment", "cjproject", "pypdf", "urllib3", "asyncio"),
)


class Listener(logging.Handler):
    """Keeps every line of the log, and all that a handler could make of its record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {vars(record)}")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """The log at its loudest, in the settings too: a worker's start configures logging anew."""
    listener, usual = Listener(), settings.LOGGING
    loud = {
        **usual,
        "handlers": {**usual["handlers"], "listener": {"()": lambda: listener}},
        "root": {"handlers": ["listener"], "level": "DEBUG"},
        "loggers": {name: {"level": "DEBUG"} for name in NOISY},
    }
    monkeypatch.setattr(settings, "LOGGING", loud)
    logging.config.dictConfig(loud)
    try:
        yield listener
    finally:
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.NOTSET)
        logging.config.dictConfig(usual)


@dataclass
class Witness:
    """What was seen while the batch ran: HTTP requests, messages, and the log."""

    log: Listener
    requests: list[Request] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Emulator, Witness]]:
    """An emulated vendor, to which the planted key opens the door, with everything written down."""
    with listening(monkeypatch) as log:
        witness = Witness(log)
        with _tapped(monkeypatch, witness) as emulator:
            yield emulator, witness


@contextmanager
def _tapped(monkeypatch: pytest.MonkeyPatch, witness: Witness) -> Iterator[Emulator]:
    monkeypatch.setenv("ANTHROPIC_LOG", "debug")
    monkeypatch.setenv("OPENAI_LOG", "debug")
    route = servers.route

    def tapped(method: str, path: str) -> Any:
        endpoint, rest = route(method, path)

        def answer(state: State, request: Request) -> Reply:
            witness.requests.append(request)
            assert endpoint is not None
            return endpoint(state, request)

        return (None if endpoint is None else answer), rest

    def published(body: object = None, headers: object = None, **rest: object) -> None:
        witness.messages.append(f"{body!r} {headers!r} {rest!r}")

    monkeypatch.setattr(servers, "route", tapped)
    before_task_publish.connect(published, weak=False)
    anthropic_sdk._made.cache_clear()
    openai_sdk._made.cache_clear()
    try:
        with running() as emulator:
            for name, value in emulator.environment.items():
                monkeypatch.setenv(name, KEY if name.endswith("_KEY") else value)
            yield emulator
    finally:
        before_task_publish.disconnect(published)


def secret_batch(provider: str, students: int = 5, **changes: Any) -> Batch:
    """A stored batch, not started: every essay signed, with the marker in it."""
    judge = JudgeSpec(provider=provider, model=MODELS[provider])
    asked = spec(students, judges=(judge,), **changes)
    essays = []
    for at, essay in enumerate(asked.essays):
        text = f"{essay.text}\n{MARKER} {at}.\nBy {NAME}"
        name, sha256 = f"{FILE}-{at}.txt", sha256_of(text)
        essays.append(essay.model_copy(update={"name": name, "text": text, "sha256": sha256}))
    return create_batch(asked.model_copy(update={"essays": tuple(essays)}))


def pieces(text: str, *secrets: str) -> list[str]:
    """Those of the secrets that stand in the text, however it is escaped."""
    forms = (text, text.replace("\\", ""))
    return [secret for secret in secrets if any(secret in form for form in forms)]


def rows() -> Iterator[tuple[str, str, str]]:
    """(model, field, value as text) of every row of the database."""
    for model in apps.get_models():
        for row in model._default_manager.all():
            for column in row._meta.concrete_fields:
                value = getattr(row, column.attname)
                yield model.__name__, column.name, value if isinstance(value, str) else repr(value)


def found_in_rows() -> set[tuple[str, str, str]]:
    """(model, field, secret) for each secret in a row, apart from the essays where they belong."""
    return {
        (model, column, secret)
        for model, column, value in rows()
        for secret in pieces(value, *KEY_PIECES, *TEXTS)
        if not (secret in TEXTS and column in KEPT.get(model, ()))
    }


def assert_prompts_are_clean(witness: Witness) -> None:
    """The key is in the header that opens the door, the essay in the prompt, no file name in it."""
    assert witness.requests
    for request in witness.requests:
        body = request.body.decode("utf-8", "replace")
        others = {
            name: value
            for name, value in request.headers.items()
            if name not in ("authorization", "x-api-key")
        }
        told = f"{request.method} {request.path} {request.query} {json.dumps(others)}"
        assert pieces(told, *KEY_PIECES, *TEXTS, FILE) == []
        assert pieces(body, *KEY_PIECES, FILE) == []
    assert any(NAME in request.body.decode("utf-8", "replace") for request in witness.requests)


def assert_nothing_leaked(witness: Witness) -> None:
    assert witness.log.lines
    assert pieces(witness.log.text, *KEY_PIECES, *TEXTS, FILE) == []
    assert pieces(" ".join(witness.messages), *KEY_PIECES, *TEXTS, FILE) == []
    assert pieces(generate_latest().decode(), *KEY_PIECES, *TEXTS, FILE) == []
    assert found_in_rows() == set()
    assert {model for model, _, value in rows() if pieces(value, FILE)} <= {
        "Essay",
        "Batch",
        "OutgoingEvent",
    }
    for path in settings.DATA_DIR.rglob("*"):
        assert pieces(str(path), *KEY_PIECES, *TEXTS, FILE) == []
        if path.is_file() and not path.name.startswith(("test.sqlite3", "essay_judge")):
            assert pieces(path.read_bytes().decode("utf-8", "replace"), *KEY_PIECES, *TEXTS) == []
