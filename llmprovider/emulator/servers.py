"""The HTTP server: threads, keep-alive, and connections that end as a fault demands."""

import contextlib
import select
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from llmprovider.emulator import (
    anthropic_batches,
    anthropic_messages,
    controls,
    openai_batches,
    openai_chat,
    openai_files,
    openai_responses,
)
from llmprovider.emulator.http_messages import Cut, Reply, Request, json_reply
from llmprovider.emulator.states import State

Endpoint = Callable[[State, Request], Reply]

ENDPOINTS: Final[Mapping[tuple[str, str], Endpoint]] = MappingProxyType(
    {
        ("POST", "/v1/messages"): anthropic_messages.create_message,
        ("POST", "/v1/responses"): openai_responses.create_response,
        ("POST", "/v1/chat/completions"): openai_chat.create_completion,
        ("POST", "/v1/messages/batches"): anthropic_batches.create_batch,
        ("GET", "/v1/messages/batches"): anthropic_batches.list_batches,
        ("GET", "/v1/messages/batches/*"): anthropic_batches.get_batch,
        ("POST", "/v1/messages/batches/*/cancel"): anthropic_batches.cancel_batch,
        ("GET", "/v1/messages/batches/*/results"): anthropic_batches.get_results,
        ("POST", "/v1/files"): openai_files.upload,
        ("GET", "/v1/files/*"): openai_files.get_file,
        ("GET", "/v1/files/*/content"): openai_files.get_content,
        ("DELETE", "/v1/files/*"): openai_files.delete_file,
        ("POST", "/v1/batches"): openai_batches.create_batch,
        ("GET", "/v1/batches"): openai_batches.list_batches,
        ("GET", "/v1/batches/*"): openai_batches.get_batch,
        ("POST", "/v1/batches/*/cancel"): openai_batches.cancel_batch,
        ("GET", "/_emulator/jobs"): controls.get_jobs,
        ("POST", "/_emulator/job_faults"): controls.add_job_fault,
        ("DELETE", "/_emulator/job_faults"): controls.delete_job_faults,
        ("GET", "/_emulator/calls"): controls.get_calls,
        ("DELETE", "/_emulator/calls"): controls.delete_calls,
        ("POST", "/_emulator/faults"): controls.add_fault,
        ("DELETE", "/_emulator/faults"): controls.delete_faults,
        ("GET", "/_emulator/profile"): controls.get_profile,
    }
)

# Longer than any client waits; a hanging call ends with its client or with the emulator.
_HANG_SECONDS: Final = 3600.0
_LOOK_EVERY: Final = 0.05
# What is larger is not even read; the endpoints have limits of their own below this.
_LARGEST_BODY: Final = 320 * 1024 * 1024


def route(method: str, path: str) -> tuple[Endpoint | None, str]:
    """The endpoint for a path, and the part of it that stands where the endpoint has a star."""
    if endpoint := ENDPOINTS.get((method, path)):
        return endpoint, ""
    parts = path.split("/")
    for at, name in enumerate(parts):
        starred = "/".join([*parts[:at], "*", *parts[at + 1 :]])
        if name and (endpoint := ENDPOINTS.get((method, starred))):
            return endpoint, name
    return None, ""


class EmulatorServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], state: State) -> None:
        self.state = state
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are part of the play; anything else must be seen."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End `serve_forever`, let waiting calls go, and close every connection."""
        self.state.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "provider-emulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: EmulatorServer

    def do_GET(self) -> None:  # noqa: N802
        self._serve()

    def do_POST(self) -> None:  # noqa: N802
        self._serve()

    def do_DELETE(self) -> None:  # noqa: N802
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: /_emulator/calls is the log."""

    def _serve(self) -> None:
        size = self.headers.get("content-length", "0")
        if not size.isdigit() or int(size) > _LARGEST_BODY:
            self.close_connection = True
            self._send(json_reply(413, {"error": {"message": "Request too large."}}))
            return
        body = self.rfile.read(int(size))
        url = urlsplit(self.path)
        endpoint, name = route(self.command, url.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if endpoint is None:
            self._send(json_reply(404, {"error": {"message": f"emulator: no {self.command} here"}}))
            return
        query = dict(parse_qsl(url.query))
        request = Request(self.command, url.path, headers, body, query, name)
        self._send(self._reply(endpoint, request))

    def _reply(self, endpoint: Endpoint, request: Request) -> Reply:
        try:
            return endpoint(self.server.state, request)
        except Exception:
            # A defect of the emulator must not pass for a fault it was asked to play.
            traceback.print_exc()
            return json_reply(501, {"error": {"message": "emulator: a defect, see its stderr"}})

    def _send(self, reply: Reply) -> None:
        if reply.cut is Cut.HANG:
            self._hang()
        elif reply.cut is Cut.RESET:
            self._reset()
        elif reply.stream is not None:
            self._stream(reply, reply.stream)
        else:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            half = reply.cut is Cut.CUT_OFF
            self.wfile.write(reply.body[: len(reply.body) // 2] if half else reply.body)
            self.wfile.flush()
            self.close_connection = self.close_connection or half

    def _stream(self, reply: Reply, pieces: Iterable[bytes]) -> None:
        """Chunked; cut off after half of the pieces, where a fault demands it."""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if reply.cut is Cut.CUT_OFF:
            kept = list(pieces)
            pieces = kept[: len(kept) // 2]
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if reply.cut is Cut.CUT_OFF:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _hang(self) -> None:
        self.close_connection = True
        until = time.monotonic() + _HANG_SECONDS
        while time.monotonic() < until and not self.server.state.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], _LOOK_EVERY)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _reset(self) -> None:
        """A close that is no goodbye: the client sees its connection reset."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Before the orderly shutdown that the server would do.
        self.connection.close()
