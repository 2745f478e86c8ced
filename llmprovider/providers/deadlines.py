"""How long an answer may take as a whole.

The HTTP library bounds only each wait for a next piece: a server that sends a little from time to
time would be waited for without end.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx2

_until: ContextVar[float | None] = ContextVar("answered_until", default=None)


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """What is asked inside ends in httpx2.ReadTimeout once its answer takes longer, even where the
    server sends a little from time to time. The client must have `bound_answer` as a hook."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def bound_answer(response: httpx2.Response) -> None:
    """Hook for each response whose head is there: its body has to be there in time too."""
    until = _until.get()
    if until is not None and isinstance(response.stream, httpx2.SyncByteStream):
        stream = response.extensions.get("network_stream")
        sock = stream.get_extra_info("socket") if stream is not None else None
        response.stream = _Bounded(response.stream, until, sock)


class _Bounded(httpx2.SyncByteStream):
    """A body that is cut off at a moment of the monotonic clock, also amid a wait for more."""

    def __init__(
        self, stream: httpx2.SyncByteStream, until: float, sock: socket.socket | None
    ) -> None:
        self._stream = stream
        self._until = until
        self._sock = sock
        self._lock = threading.Lock()
        self._done = self._over = False

    def __iter__(self) -> Iterator[bytes]:
        watch = threading.Timer(max(0.0, self._until - time.monotonic()), self._cut_off)
        watch.daemon = True
        watch.start()
        try:
            yield from self._stream
        except httpx2.TransportError:
            if not self._over:
                raise
        finally:
            with self._lock:
                self._done = True  # from here on the connection may serve another call
            watch.cancel()
        if self._over:
            # Without a length given, the end of the connection passes for the end of the body.
            raise httpx2.ReadTimeout("the answer took longer than it may")

    def _cut_off(self) -> None:
        with self._lock:
            if self._done:
                return
            self._over = True
            if self._sock is not None:
                try:
                    self._sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # closed already

    def close(self) -> None:
        self._stream.close()
