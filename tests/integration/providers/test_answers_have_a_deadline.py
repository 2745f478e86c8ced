"""A call ends in time, whatever the server does: it must not outlive its lease."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest

from llmprovider.contracts import ErrorType
from llmprovider.providers import clients
from llmprovider.providers.base import ProviderError
from llmprovider.providers.registry import provider_for
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.providers import wires

PATIENCE = 2.0
# Longer than any of these calls may take on a busy machine, shorter than a test may hang.
LONG = 60.0


class DrippingServer(BaseHTTPRequestHandler):
    """Begins every answer, and keeps the connection alive with blanks instead of ending it."""

    seconds = 0.0  # of blanks, before the answer or silence
    silent = False

    def log_message(self, *args: object) -> None:
        """Says nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        end = time.monotonic() + self.seconds
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                self.wfile.write(b"\n")
                self.wfile.flush()
                time.sleep(0.05)
            if self.silent:
                self.rfile.read(1)  # until the other side has gone
            self.wfile.write(json.dumps(wires.completion()).encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[DrippingServer]]:
    handler = type("Server", (DrippingServer,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    yield handler
    server.shutdown()
    server.server_close()


def judge() -> object:
    return provider_for("openai_compatible").call(wires.asking("openai_compatible"))


@pytest.mark.parametrize(("seconds", "silent"), [(LONG, False), (PATIENCE / 2, True)])
def test_a_server_that_drips_is_cut_off_in_time(server, seconds, silent, monkeypatch):
    """T23: each wait for a next byte is short, and the whole is not."""
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=PATIENCE)
    # Each wait alone may take long, so that only the bound of the whole can end the call soon.
    monkeypatch.setattr(clients, "_timeout", lambda seconds: httpx2.Timeout(LONG))
    server.seconds, server.silent = seconds, silent
    began = time.monotonic()
    with pytest.raises(ProviderError) as raised:
        judge()
    took = time.monotonic() - began
    assert (raised.value.error_type, raised.value.unsent) == (ErrorType.TIMEOUT, False)
    assert took < LONG / 2


def test_an_answer_that_drips_but_comes_in_time_is_an_answer(server, monkeypatch):
    set_queue(monkeypatch, PROVIDER_TIMEOUT_SECONDS=LONG)
    server.seconds = PATIENCE / 3
    assert judge().text == '{"comparisons": []}'
