"""One POST to a target, on a connection to an address that was checked.

The standard library serves better than an HTTP client here: the host is resolved once, the
connection goes to the very address that was checked (no second look-up that could say otherwise),
no redirect or proxy leads elsewhere, and nothing of a reply is read beyond its head.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assessment.outbox.targets import Rules, Target

# Of a host with many addresses.
MOST_ADDRESSES = 4


class NotPosted(Exception):
    """There is no answer. `problem`: one word for it, which names neither host nor content."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Answer:
    status: int
    retry_after: str | None


@dataclass(frozen=True)
class _Address:
    family: int
    place: Any  # as the socket module wants it


def post(
    target: Target, rules: Rules, headers: Mapping[str, str], body: bytes, *, seconds: float
) -> Answer:
    """Post `body`; all of it, the look-up of the host included, takes `seconds` at most.

    Raises NotPosted: `address_not_allowed` with nothing sent, `host_unknown`, `timeout`,
    `connection`, `tls`, `invalid_answer`. After the last four the receiver may have got it.
    """
    until = time.monotonic() + seconds
    addresses = _resolved(target, until)
    if not all(rules.admits(address.place[0]) for address in addresses):
        # One bad address among good ones is a trick or a mistake: neither is worth a guess.
        raise NotPosted("address_not_allowed")
    with (
        _connected(addresses, until) as plain,
        _wrapped(plain, target) as sock,
        _cut_off(sock, until),
    ):
        return _exchange(sock, target, headers, body)


def _exchange(
    sock: socket.socket, target: Target, headers: Mapping[str, str], body: bytes
) -> Answer:
    if isinstance(sock, ssl.SSLSocket):
        sock.do_handshake()
    link = http.client.HTTPConnection(target.host, target.port)
    link.auto_open = 0  # this connection or none
    link.sock = sock
    link.request(
        "POST",
        target.path,
        body=body,
        headers={**headers, "Host": target.place, "Connection": "close"},
    )
    with link.getresponse() as reply:
        return Answer(reply.status, reply.getheader("Retry-After"))


def _wrapped(sock: socket.socket, target: Target) -> socket.socket:
    """For https a TLS connection whose handshake is still to come, for http the same."""
    if not target.secure:
        return sock
    try:
        return _tls().wrap_socket(sock, server_hostname=target.host, do_handshake_on_connect=False)
    except OSError:  # closed by the other side already
        raise NotPosted("connection") from None


@contextmanager
def _cut_off(sock: socket.socket, until: float) -> Iterator[None]:
    """End what goes on inside at `until`, also where the receiver sends a little at a time."""
    over = threading.Event()

    def end() -> None:
        over.set()
        with suppress(OSError):
            # Not SSLSocket's own, which takes away what another thread works with.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    watch = threading.Timer(max(0.0, until - time.monotonic()), end)
    watch.daemon = True
    watch.start()
    try:
        yield
        if over.is_set():  # the end of a head that was cut off passes for the end of the head
            raise NotPosted("timeout")
    except (OSError, http.client.HTTPException) as error:
        if over.is_set() or isinstance(error, TimeoutError):
            raise NotPosted("timeout") from None
        if isinstance(error, ssl.SSLError):
            raise NotPosted("tls") from None
        if isinstance(error, OSError):  # http.client's broken connection is one too
            raise NotPosted("connection") from None
        raise NotPosted("invalid_answer") from None
    finally:
        watch.cancel()


def _connected(addresses: list[_Address], until: float) -> socket.socket:
    """A connection to the first address that takes one."""
    problem = "connection"
    for address in addresses[:MOST_ADDRESSES]:
        left = until - time.monotonic()
        if left <= 0:
            problem = "timeout"
            break
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(left)
            sock.connect(address.place)
        except OSError as error:
            sock.close()
            problem = "timeout" if isinstance(error, TimeoutError) else "connection"
        else:
            return sock
    raise NotPosted(problem)


def _resolved(target: Target, until: float) -> list[_Address]:
    """All addresses of the host. The system's look-up knows no time limit, so a thread waits."""
    found: list[_Address] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.extend(_Address(row[0], row[4]) for row in rows)

    thread = threading.Thread(target=look_up, name="event-host", daemon=True)
    thread.start()
    thread.join(max(0.0, until - time.monotonic()))
    if not found:
        raise NotPosted("timeout" if thread.is_alive() else "host_unknown")
    return list(found)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Trusts what the system trusts; SSL_CERT_FILE names other certificates."""
    return ssl.create_default_context()
