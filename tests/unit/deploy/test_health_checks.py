"""`python -m deploy.health URL`: 0 where somebody answers who is at work, 1 else."""

import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT


class Statuses(http.server.BaseHTTPRequestHandler):
    """Answers /NNN with that status."""

    def do_GET(self) -> None:  # noqa: N802
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Statuses) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()


def check(url: str) -> int:
    return subprocess.run([sys.executable, "-m", "deploy.health", url], cwd=PROJECT).returncode


@pytest.mark.parametrize(("status", "code"), [(200, 0), (403, 0), (500, 1), (503, 1)])
def test_it_tells_who_is_at_work(server, status, code):
    """403: an endpoint that asks for a token, which the check does not have."""
    assert check(f"{server}/{status}") == code


def test_nobody_there_is_not_healthy():
    with socket.socket() as silent:  # holds the port, so that nobody else can serve there
        silent.bind(("127.0.0.1", 0))
        assert check(f"http://127.0.0.1:{silent.getsockname()[1]}/") == 1
