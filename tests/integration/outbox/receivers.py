"""Receivers of events: real HTTP servers that answer as a test says, and remember what came."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are used up one by one; the last is for all that comes later."""

    port: int
    answers: list[Answer]
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str = "/events", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


def says(status: int, **headers: str) -> Answer:
    """An answer with this status; Retry_After="1" is the header Retry-After."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def resets(handler: BaseHTTPRequestHandler) -> None:
    """The connection is reset in place of an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def mumbles(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"what was the question?\r\n\r\n")


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A head that never ends, a little at a time, for as long as anybody listens."""
    with contextlib.suppress(OSError):
        # One line: of many, the sender would refuse the hundredth.
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(1_200):
            handler.wfile.write(b"a")
            time.sleep(0.05)


def floods(handler: BaseHTTPRequestHandler) -> None:
    """200 with a body without end."""
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65536)


@contextlib.contextmanager
def receiving(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on 127.0.0.1; without answers it says 200 to all."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.lock:
                receiver.received.append(Received(self.path, dict(self.headers), body))
                turn = min(len(receiver.received), len(receiver.answers)) - 1
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
            try:
                receiver.answers[turn](self)
            finally:
                with receiver.lock:
                    receiver.at_once -= 1
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a sender that hangs up is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port, list(answers) or [says(200)])
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
