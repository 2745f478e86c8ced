"""A client of the API over real HTTP."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

from tests.servers.processes import Child, wait_until
from tests.servers.sites import Site

USER = "researcher"
# Also the first request waits, until the web's processes have been started.
TIMEOUT_SECONDS = 120


class WebClient:
    """One user's requests to a site's web process."""

    def __init__(self, port: int, token: str = "") -> None:
        self._port = port
        self._token = token

    def get(self, path: str) -> tuple[int, Any]:
        """Status and the answer: decoded where it is JSON, else as text."""
        return self._ask("GET", path, None)

    def post(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        return self._ask("POST", path, json.dumps(body), headers)

    def _ask(
        self, method: str, path: str, body: str | None, more: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers.update(more or {})
        if self._token:
            headers["Authorization"] = f"Token {self._token}"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, json.loads(said) if is_json else said
        finally:
            connection.close()


def token_for_new_user(site: Site) -> str:
    """Make a user and their token, as an operator would."""
    program = (
        "from django.contrib.auth import get_user_model;"
        "from rest_framework.authtoken.models import Token;"
        f"user = get_user_model().objects.create_user({USER!r});"
        "print(Token.objects.create(user=user).key)"
    )
    return site.manage("shell", "--no-imports", "--command", program).stdout.split()[-1]


def batch_request(students: int, comparisons: int) -> dict[str, Any]:
    """A batch with its essays in the request, judged by the mock from the texts' features."""
    anchors = [("weak", "F", 1), ("middling", "C", 6), ("good", "A", 14)]
    essays = [
        {"name": f"student {number}", "text": text(f"Pupil {number}", number + 1)}
        for number in range(students)
    ]
    essays += [
        {"name": name, "text": text(name, length), "role": "anchor", "known_grade": grade}
        for name, grade, length in anchors
    ]
    return {
        "assignment": "Schools",
        "task": "Write about your school.",
        "rubric": "Better arguments are better.",
        "grade_scale": ["F", "E", "D", "C", "B", "A"],
        "essays": essays,
        "judges": [{"provider": "mock"}],
        "max_comparisons_override": comparisons,
        "batch_config_overrides": {"seed": 4},
    }


def text(name: str, sentences: int) -> str:
    return f"{name} writes about school. " + " ".join(
        f"Argument {number} holds because pupils learn more when lesson {number} is calm."
        for number in range(sentences)
    )


def wait_for_batch(client: WebClient, batch: int, children: list[Child]) -> dict[str, Any]:
    """The batch once it has ended, as the API tells it."""
    told: dict[str, Any] = {}

    def ended() -> bool:
        status, told["batch"] = client.get(f"/api/v1/batches/{batch}")
        assert status == 200
        return told["batch"]["status"] in ("COMPLETED", "FAILED", "CANCELLED")

    wait_until(ended, 400, "the batch to end", children)
    return dict(told["batch"])


def assert_a_batch_is_judged(client: WebClient, children: list[Child]) -> None:
    """Create a batch, follow it to its end, read its results and its pairs."""
    students, comparisons = 8, 40
    status, created = client.post("/api/v1/batches", batch_request(students, comparisons))
    assert status == 201, "\n".join([str(created), *(child.tail() for child in children)])
    path = f"/api/v1/batches/{created['id']}"

    ended = wait_for_batch(client, created["id"], children)
    assert ended["status"] == "COMPLETED", ended
    assert ended["mock"] is True
    assert 0 < ended["completed"] <= comparisons

    status, results = client.get(f"{path}/results")
    assert status == 200
    told = json.dumps(results)
    assert all(f"student {number}" in told for number in range(students))

    status, pairs = client.get(f"{path}/pairs?status=succeeded")
    assert status == 200
    assert pairs["count"] == ended["completed"]
