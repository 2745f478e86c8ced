"""What the lines of the log say about the work they come from.

A context holds for the block in which it is bound, in that thread. It never travels with a message:
whoever takes up a row binds what the rows say.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from django.db import Error

Namer = Callable[[str], Mapping[str, object]]

# Of a comparison's metadata, the wave that it is asked in: the one hint that lines tell.
WAVE_HINT: Final = "comparison_iteration"

_HELD: Final = "_cj_log_context"
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
    except Exception as error:
        _hold(error, _context.get())
        raise
    finally:
        _context.reset(token)


def context_at(error: BaseException) -> Mapping[str, object]:
    """The fields that held where `error` was raised, as far as any block has seen it pass."""
    held: Mapping[str, object] = getattr(error, _HELD, _NOTHING)
    return held


def hand_on_context(error: BaseException, to: BaseException) -> None:
    """Have `to`, which is raised in place of `error`, tell where that was raised."""
    _hold(to, context_at(error))


@contextmanager
def fault_context(error: BaseException, **otherwise: object) -> Iterator[None]:
    """For a line about `error`: the fields that held where it was raised.

    `otherwise`: what is known of it here, where those fields do not say.
    """
    with logging_context(**{**otherwise, **context_at(error)}):
        yield


def _hold(error: BaseException, fields: Mapping[str, object]) -> None:
    """The first keeps its place: that is the innermost block."""
    if fields and not context_at(error):
        with suppress(AttributeError):
            setattr(error, _HELD, fields)


def wave_among(metadata: Iterable[Mapping[str, object]]) -> int | None:
    """The wave that all these comparisons are of; None where they differ, or one has none.

    Never anything but a number: who asks over HTTP may write what he likes there.
    """
    return wave_of(one.get(WAVE_HINT) for one in metadata)


def wave_of(hints: Iterable[object]) -> int | None:
    """As `wave_among`, of the hints alone."""
    found = set()
    for hint in hints:
        if not isinstance(hint, int) or isinstance(hint, bool):
            return None
        found.add(hint)
    return found.pop() if len(found) == 1 else None


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
