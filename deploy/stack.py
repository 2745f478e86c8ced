"""The production stack without Docker: `make stack`, or `python -m deploy.stack --scale worker=2`.

Runs what docker-compose.yml says: the same commands, environments, order and health checks, with
PostgreSQL, Redis and Prometheus of Debian, in a folder that is removed at the end. Secrets that are
not in the environment are made up. For trying things out, and so that the file is known to work.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from deploy import compose_files, dockerfiles, native
from deploy.compose_files import Service
from deploy.processes import PROJECT, Process, StackFailed
from deploy.variables import made_up, settings_file

PATIENCE_SECONDS: Final = 180
SETTINGS: Final = PROJECT / "deploy" / "settings.env"


class Stack:
    """All processes of the compose file, from `start` to `stop`; also a context manager.

    `variables` is the environment that compose reads; `settings` what deploy/settings.env holds;
    `scale` the number of processes of a service, the compose file's where it is not named.
    """

    def __init__(
        self,
        folder: Path,
        variables: Mapping[str, str],
        *,
        settings: Mapping[str, str] | None = None,
        scale: Mapping[str, int] | None = None,
    ) -> None:
        self.folder = folder
        self.variables = dict(variables)
        self.settings = dict(settings or {})
        self.scale = dict(scale or {})
        text = (PROJECT / "docker-compose.yml").read_text()
        self._written = compose_files.read(text)
        self._image = (PROJECT / "Dockerfile").read_text()
        self._services = {
            name: compose_files.service(name, written, self.variables)
            for name, written in self._written.items()
        }
        self.skipped: dict[str, str] = {}
        self.processes: list[Process] = []
        self.ports: dict[str, list[int]] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Everything in its order, each healthy before what depends on it. Raises StackFailed."""
        self._choose_ports()
        self._collect_static_files()
        self._write_environment()
        ending = compose_files.once(self._services)
        waiting: dict[str, list[Process]] = {}
        for service in compose_files.in_order(self._services):
            if service.name in self.skipped:
                continue
            for other in service.depends_on:
                for process in waiting.pop(other, []):
                    process.wait_until_healthy(PATIENCE_SECONDS)
            started = self._start(service)
            if service.name in ending:
                for process in started:
                    process.wait_until_done(PATIENCE_SECONDS)
                    self.processes.remove(process)
            elif service.name == "postgres":
                started[0].wait_until_healthy(PATIENCE_SECONDS)
                native.make_database(self.ports["postgres"][0], *self._owner())
            else:
                waiting[service.name] = started
        for processes in waiting.values():
            for process in processes:
                process.wait_until_healthy(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Backwards: those that use a server end before it does."""
        servers = [one for one in self.processes if one.name.startswith(("postgres", "redis"))]
        users = [one for one in self.processes if one not in servers]
        for group in (users, servers):
            for process in reversed(group):
                process.ask_to_end()
            for process in reversed(group):
                process.stop()
        self.processes.clear()

    def dead(self) -> list[Process]:
        return [process for process in self.processes if process.returncode is not None]

    def environment_of(self, name: str, number: int = 1) -> dict[str, str]:
        """The environment of a service's process: the image's, the settings, the compose file's."""
        service = self._local(name, number)
        image = dockerfiles.environment(self._image)
        data = self.folder / f"{name}-{number}"
        image["CJ_DATA_DIR"] = image["CJ_DATA_DIR"].replace(native.IMAGE_DATA, str(data))
        programs = [Path(sys.executable).parent, native.postgresql_programs()]
        image["PATH"] = ":".join([*map(str, programs), "/usr/local/bin:/usr/bin:/bin"])
        return {"LANG": "C.UTF-8", **image, **self.settings, **service.environment}

    def _choose_ports(self) -> None:
        self.skipped = dict(native.ELSEWHERE) | {
            name: f"missing: apt-get install {' '.join(programs)}"
            for name, programs in native.OPTIONAL.items()
            if not all(map(shutil.which, programs))
        }
        for name, service in self._services.items():
            if name in native.PORTS:
                if service.published and name not in self.skipped:
                    native.require_free(service.published[0], service.published_by)
                outside = service.published[0] if service.published else 0
                many = range(self._many(service))
                self.ports[name] = [outside or native.free_port() for _ in many]

    def _many(self, service: Service) -> int:
        return self.scale.get(service.name, service.replicas)

    def _local(self, name: str, number: int) -> Service:
        ports = self.ports.get(name, [0])
        servers = {server: self.ports[server][0] for server in ("postgres", "redis")}
        local: dict[str, Any] = {
            key: native.localised(value, ports[number - 1], servers, self.folder / name, number)
            for key, value in self._written[name].items()
            if key != "ports"
        }
        return compose_files.service(name, local, self.variables)

    def _start(self, service: Service) -> list[Process]:
        started = []
        for number in range(1, self._many(service) + 1):
            one = self._local(service.name, number)
            title = service.name if number == 1 else f"{service.name}-{number}"
            process = Process(
                name=title,
                command=one.command,
                environment=self.environment_of(service.name, number),
                log=self.folder / f"{title}.log",
                probe=one.probe,
                grace_seconds=service.grace_seconds,
            )
            self._prepare(service.name, process)
            self.processes.append(process)  # first, so that whatever comes between it is stopped
            process.start()
            started.append(process)
        return started

    def _prepare(self, name: str, process: Process) -> None:
        """What the image of a server does before its command, and adds to it."""
        folder = self.folder / name
        if name == "postgres":
            native.make_cluster(folder, *self._owner()[:2])
            process.user = native.unprivileged()
            process.ends_on = signal.SIGINT  # does not wait for clients, as the image's own stop
            process.command = [
                *process.command,
                *("-D", str(folder / "data"), "-k", str(folder)),
                *("-c", "listen_addresses=127.0.0.1", "-p", str(self.ports[name][0])),
            ]
        elif name == "redis":
            folder.mkdir()
            where = ("--bind", "127.0.0.1", "--port", str(self.ports[name][0]))
            process.command = [*process.command, *where, "--dir", str(folder)]
        elif name == "prometheus":
            native.prometheus_configuration(
                folder / "configuration",
                PROJECT / "deploy" / "prometheus",
                self.variables["METRICS_TOKEN"],
                self.ports,
            )
            address = f"--web.listen-address=127.0.0.1:{self.ports[name][0]}"
            process.command = ["prometheus", *process.command, address]

    def _owner(self) -> tuple[str, str, str]:
        """User, password and database of the one cluster."""
        given = self._services["postgres"].environment
        return given["POSTGRES_USER"], given["POSTGRES_PASSWORD"], given["POSTGRES_DB"]

    def _collect_static_files(self) -> None:
        """The image's own line, run here."""
        for step in dockerfiles.instructions(self._image):
            if step.keyword == "RUN" and "manage.py" in step.words:
                line = step.words.replace("/tmp/build", str(self.folder / "build"))  # noqa: S108
                done = subprocess.run(
                    ["sh", "-ec", line],
                    cwd=PROJECT,
                    env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    raise StackFailed(f"{line} ended with {done.returncode}: {done.stderr[-2000:]}")

    def _write_environment(self) -> None:
        """For commands beside the processes, as `docker compose exec web` has them."""
        path = self.folder / "environment"
        path.touch(mode=0o600)
        lines = [
            f"export {name}={shlex.quote(value)}"
            for name, value in self.environment_of("web").items()
            if name != "PATH"
        ]
        path.write_text("\n".join(lines) + "\n")


def _told(stack: Stack) -> str:
    lines = [
        f"{process.name:<14} {' '.join(process.command[:3])} ...  log: {process.log}"
        for process in stack.processes
    ]
    lines += [f"{name:<14} not here: {why}" for name, why in stack.skipped.items()]
    web = stack.ports["web"][0]
    lines += [
        "",
        f"web         http://127.0.0.1:{web}  for programs that say `X-Forwarded-Proto: https`, as "
        "its proxy would; it sends a browser to https, where nobody answers",
    ]
    if "prometheus" not in stack.skipped:
        lines.append(f"prometheus  http://127.0.0.1:{stack.ports['prometheus'][0]}")
    shell = f"(. {stack.folder}/environment;"
    # Another web process on the same servers, without production's https.
    plain = f"127.0.0.1:{native.free_port()}"
    return "\n".join(
        [
            *lines,
            f"commands    {shell} {sys.executable} manage.py createsuperuser)",
            f"browser     {shell} DJANGO_PRODUCTION= BIND={plain} make web)  then http://{plain}/",
            "Ctrl-C stops everything and removes the folder.",
        ]
    )


def _scale(word: str) -> tuple[str, int]:
    name, _, number = word.partition("=")
    if name not in ("worker", "judge-worker") or not number.isdigit() or int(number) < 1:
        raise argparse.ArgumentTypeError("worker=N or judge-worker=N")
    return name, int(number)


def _interrupt(*_: object) -> None:
    """Once: a second Ctrl-C must not cut the stopping short and leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    print("stopping", flush=True)
    raise KeyboardInterrupt


def main() -> int:
    """Run until Ctrl-C (0), or until a process ends by itself (1)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", action="append", type=_scale, default=[], metavar="SERVICE=N")
    parser.add_argument("--settings", type=Path, default=SETTINGS, help="instead of settings.env")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="essay-judge-stack-"))
    folder.chmod(0o711)  # PostgreSQL's user must come through
    try:
        with Stack(
            folder,
            made_up(os.environ),
            settings=settings_file(asked.settings),
            scale=dict(asked.scale),
        ) as stack:
            print(_told(stack), flush=True)
            while not (dead := stack.dead()):
                time.sleep(1.0)
            raise StackFailed(dead[0].told(f"ended with {dead[0].returncode}"))
    except KeyboardInterrupt:
        return 0
    except (StackFailed, compose_files.MissingVariable) as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
