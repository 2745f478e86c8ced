"""The commands of docker-compose.yml, run natively: a batch in each mode over the API, faults and
all, and real Prometheus that sees every process and every metric."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.native import free_port
from deploy.processes import PROJECT
from llmprovider.emulator import Emulator
from tests.servers.processes import Child, accepts_connections, wait_until
from tests.servers.web_clients import WebClient, batch_request, wait_for_batch
from tests.unit.deploy.expressions import PANELS, RULES
from tests.unit.metrics.declared import everything

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]

STUDENTS, COMPARISONS = 6, 20
SOON = {
    "LLM_PROVIDER_SERVICE_BATCH_POLL_FIRST_SECONDS": "0.5",
    "LLM_PROVIDER_SERVICE_QUEUE_RETRY_BASE_SECONDS": "0.1",
    "LLM_PROVIDER_SERVICE_CIRCUIT_OPEN_SECONDS": "0.5",
}
MAKE_USER = (
    "from django.contrib.auth import get_user_model;"
    "from rest_framework.authtoken.models import Token;"
    "user = get_user_model().objects.create_user('teacher');"
    "print(Token.objects.create(user=user).key)"
)


class BehindProxy(WebClient):
    """A user of the site whose TLS ends at a proxy, as production demands."""

    def _ask(
        self, method: str, path: str, body: str | None, more: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        return super()._ask(method, path, body, {**(more or {}), "X-Forwarded-Proto": "https"})


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as started:
        yield started


@dataclass(frozen=True)
class Running:
    """`make stack`, started; `folder` is where it keeps everything."""

    process: Child
    folder: Path
    web: int
    prometheus: int


@pytest.fixture(scope="module")
def running(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two processes of Celery's in each worker suffice, on the two processors of CI."""
    folder = tmp_path_factory.mktemp("stack")
    settings = folder / "settings.env"
    settings.write_text("".join(f"{name}={value}\n" for name, value in SOON.items()))
    ports = {"WEB_PORT": free_port(), "PROMETHEUS_PORT": free_port()}
    given = {**emulator.environment, "WORKER_PROCESSES": "2", "PATH": os.environ["PATH"]}
    given |= {"WORKERS": "2", "JUDGE_WORKERS": "2"}  # of the latter --scale says otherwise
    command = ["env", "--default-signal=INT", sys.executable, "-m", "deploy.stack"]
    process = Child(
        [*command, "--scale", "judge-worker=1", "--settings", settings],
        folder / "stack.log",
        environment=given | {name: str(port) for name, port in ports.items()},
        ends_on=signal.SIGINT,
    )
    try:
        wait_until(lambda: "Ctrl-C" in process.stdout, 240, "the stack to start", alive=[process])
        (found,) = set(re.findall(r"\. (\S+)/environment;", process.stdout))
        yield Running(process, Path(found), *ports.values())
    finally:
        process.stop(120)


@pytest.fixture(scope="module")
def client(running: Running) -> WebClient:
    done = in_its_shell(running, MAKE_USER)
    assert done.returncode == 0, done.stderr
    return BehindProxy(running.web, done.stdout.split()[-1])


def in_its_shell(running: Running, code: str) -> subprocess.CompletedProcess[str]:
    """As the operator does it who was told `. FOLDER/environment; python manage.py ...`."""
    return subprocess.run(
        ["sh", "-ec", '. "$0/environment"; exec "$@"', str(running.folder)]
        + [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )


def judged(client: WebClient, mode: str, **judge: str) -> dict[str, Any]:
    body = batch_request(STUDENTS, COMPARISONS)
    body["judges"] = [judge]
    body["rubric"] = "Better arguments are better. " * 1_000  # long enough for a prompt cache
    body["batch_config_overrides"]["llm_batching_mode_override"] = mode
    status, created = client.post("/api/v1/batches", body)
    assert status == 201, created
    ended = wait_for_batch(client, created["id"], [])
    assert ended["status"] == "COMPLETED", ended
    return ended


def asked(stack: Running, path: str, **query: str) -> Any:
    """What Prometheus answers; it refuses an expression that is none with an HTTP error."""
    words = urllib.parse.urlencode(query)
    address = f"http://127.0.0.1:{stack.prometheus}/api/v1/{path}?{words}"
    with urllib.request.urlopen(address, timeout=120) as answer:  # noqa: S310
        return json.load(answer)["data"]


def test_it_judges_in_each_mode_shows_all_of_it_and_ends_on_ctrl_c(
    running: Running, client: WebClient, emulator: Emulator
) -> None:
    """Issue 8, items 2 and 4. One test, since it is one stack, which takes a while to start."""
    assert judged(client, "serial_bundle", provider="mock")["mock"] is True
    vendor = {"provider": "anthropic", "model": "claude-haiku-4-5"}
    for fault in ("overloaded", "malformed_body", "rate_limit"):
        # Long enough for others to come meanwhile, and to be counted as waiting for the limit.
        emulator.fail_next(fault, retry_after=5)
    for mode in ("per_request", "serial_bundle", "provider_batch_api"):
        judged(client, mode, **vendor)

    assert_every_process_is_scraped(running)
    assert_every_declared_metric_is_there(running)
    assert_every_count_is_that_of_the_rows(running)
    assert_the_rules_are_loaded(running)
    assert_the_dashboard_is_answered(running)
    assert_a_browser_gets_to_the_admin(running)
    assert_ctrl_c_ends_everything(running)


def assert_every_process_is_scraped(running: Running) -> None:
    def all_up() -> bool:
        targets = asked(running, "targets", state="active")["activeTargets"]
        kinds = sorted(target["labels"]["job"] for target in targets)
        up = all(target["health"] == "up" for target in targets)
        return up and kinds == ["beat", "judge-worker", "web", "worker", "worker"]

    wait_until(all_up, 120, "every target, and no other, to be up", alive=[running.process])


def assert_every_declared_metric_is_there(running: Running) -> None:
    wanted = {one.name + ("_count" if one.kind == "histogram" else "") for one in everything()}

    def missing() -> list[str]:
        return sorted(wanted - set(asked(running, "label/__name__/values")))

    with suppress(pytest.fail.Exception):  # the next line says which
        wait_until(lambda: not missing(), 120, "metrics to be scraped")
    assert missing() == []


def assert_every_count_is_that_of_the_rows(running: Running) -> None:
    """T42; issue 8, item 1: of web, workers with children, threads and beat, all together."""
    scraped = running.folder / "scraped.json"
    said: list[str] = []

    def agree() -> bool:
        found = asked(running, "query", query='{__name__=~"(cj|llm_provider)_.+"}')["result"]
        samples = [(one["metric"], float(one["value"][1])) for one in found]
        scraped.write_text(json.dumps(samples))
        done = in_its_shell(
            running, f"from tests.servers.scraped_meters import check; check({str(scraped)!r})"
        )
        said.append(done.stderr)
        return done.returncode == 0

    with suppress(pytest.fail.Exception):  # the next line says what differs
        wait_until(agree, 180, "the last counts to be scraped")
    assert agree(), said[-1]


def assert_the_rules_are_loaded(running: Running) -> None:
    groups = asked(running, "rules")["groups"]
    loaded = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert set(loaded) == {rule["alert"] for rule in RULES}
    assert "err" not in loaded.values()


def assert_the_dashboard_is_answered(running: Running) -> None:
    # Rates of what has happened once are empty until the next scrape; states never are, once the
    # database has answered a scrape in time.
    states = {panel["title"] for panel in PANELS if panel["type"] == "stat"}
    states |= {"Batches by status", "Comparisons in the queue", "Circuits"}

    def empty() -> set[str]:
        found = set()
        for panel in PANELS:
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", "1m")
                if not asked(running, "query", query=expression)["result"]:
                    found.add(panel["title"])
        return found & states

    with suppress(pytest.fail.Exception):  # the next line says which
        wait_until(lambda: not empty(), 120, "states to be scraped")
    assert empty() == set()


def assert_a_browser_gets_to_the_admin(running: Running) -> None:
    """By the command that it prints: the site itself sends a browser to https."""
    ((command, address),) = re.findall(
        r"^browser +(.+?) +then (http://\S+)$", running.process.stdout, re.MULTILINE
    )
    # Minutes ago the port that it names was free; one of our own still is.
    port = free_port()
    printed = urllib.parse.urlsplit(address).port
    address = address.replace(f":{printed}/", f":{port}/")
    web = Child(
        ["sh", "-c", command.replace(f":{printed} ", f":{port} ")],
        running.folder / "browser.log",
        environment={"PATH": os.environ["PATH"]},
    )
    try:
        wait_until(lambda: accepts_connections(port), 180, "the site to open", alive=[web])
        with urllib.request.urlopen(address, timeout=120) as answer:  # noqa: S310
            assert answer.url == f"{address}admin/login/?next=/admin/"
    finally:
        web.send_to_all(signal.SIGTERM)
        web.stop(30)


def assert_ctrl_c_ends_everything(running: Running) -> None:
    assert running.process.returncode is None, running.process.tail()
    running.process.send(signal.SIGINT)
    assert running.process.wait(180) == 0
    assert "stopping" in running.process.stdout
    assert not running.folder.exists()
    assert not accepts_connections(running.web) and not accepts_connections(running.prometheus)
    assert not [command for command in commands() if str(running.folder) in command]


def commands() -> list[str]:
    """Command lines of all processes of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
