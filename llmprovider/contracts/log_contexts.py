"""What the lines of the log say about the work they come from.

A context holds for the block in which it is bound, in that thread. It never travels with a message:
whoever takes up a row binds what the rows say.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from django.db import Error

Namer = Callable[[str], Mapping[str, object]]

_NOTHING: Mapping[str, object] = MappingProxyType({})
_context: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=_NOTHING)
_namers: list[Namer] = []


def log_context() -> Mapping[str, object]:
    """The fields that hold here, by name."""
    return _context.get()


@contextmanager
def logging_context(**fields: object) -> Iterator[None]:
    """Put `fields` on every line of the block, beside those that hold already. None: left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    token = _context.set({**_context.get(), **known})
    try:
        yield
    finally:
        _context.reset(token)


def name_batches_by(namer: Namer) -> None:
    """Have the owner of the batches say what else a line about `batch_key` is to tell."""
    _namers[:] = [namer]


@contextmanager
def batch_context(batch_key: object, **fields: object) -> Iterator[None]:
    """`logging_context` of one batch: its key, and what its owner has it called."""
    key = str(batch_key)
    with logging_context(batch=key, **{**_names_of(key), **fields}):
        yield


def _names_of(key: str) -> Mapping[str, object]:
    if _context.get().get("batch") == key:
        return _NOTHING  # bound already
    try:
        return {name: value for namer in _namers for name, value in namer(key).items()}
    except Error:  # the work goes on, or fails by itself: not for the sake of its log
        return _NOTHING
