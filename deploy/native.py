"""What a service of the compose file is on this machine: names, ports and folders of its own.

The commands stay those of the file. What a container has to itself (its address, its ports, its
folders) becomes a part of this machine that nobody else uses.
"""

import glob
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
import yaml
from psycopg import sql

from deploy.processes import StackFailed

# The port on which each service listens in its container.
PORTS: Final = {
    "postgres": 5432,
    "redis": 6379,
    "web": 8000,
    "worker": 9101,
    "judge-worker": 9101,
    "beat": 9101,
    "prometheus": 9090,
}
# Started where it is installed; what is judged does not depend on it.
OPTIONAL: Final = {"prometheus": ("prometheus", "wget")}  # wget is in its health check
ELSEWHERE: Final = {"grafana": "Debian has no package of it; deploy/grafana is for its image"}
IMAGE_DATA: Final = "/tmp/essay-judge"  # noqa: S108


_HOLDERS: Final[list[socket.socket]] = []


def free_port() -> int:
    """A TCP port of this machine that nobody listens on, and that the system gives to nobody else.

    It is held for as long as this process lasts, by a socket that does not listen: servers ask for
    their port with SO_REUSEADDR and so get it, also a second time, when they are started again.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _HOLDERS.append(holder)
    port: int = holder.getsockname()[1]
    return port


def require_free(port: int, variable: str) -> None:
    """Raises StackFailed, naming the variable that sets the port, where it cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as problem:
            why = getattr(problem, "strerror", None) or problem
            raise StackFailed(
                f"Port {port} of this machine cannot be used ({why}). Set {variable} to another one"
            ) from None


def localised(value: Any, own: int, servers: Mapping[str, int], folder: Path, number: int) -> Any:
    """A value of a service, of any depth, with addresses of this machine in it.

    `own`: the port of the service's process `number`; `servers`: those of postgres and redis.
    Variables are filled in after this, so that no secret is rewritten.
    """
    if isinstance(value, dict):
        return {name: localised(one, own, servers, folder, number) for name, one in value.items()}
    if isinstance(value, list):
        return [localised(one, own, servers, folder, number) for one in value]
    if not isinstance(value, str):
        return value
    addresses = "|".join(f"{name}:{PORTS[name]}" for name in servers)
    ports = "|".join(sorted(map(str, set(PORTS.values()))))
    pattern = (
        rf"(?P<server>\b(?:{addresses})\b)|(?P<all>\b0\.0\.0\.0\b)"
        rf"|(?P<port>(?<![\w.$])(?:{ports})(?!\w))"
        r"|(?P<host>@%h)|(?P<config>/etc/prometheus\b)|(?P<store>(?<==)/prometheus\b)"
    )

    def local(found: re.Match[str]) -> str:
        server = found[0].partition(":")[0]
        words: dict[str, str] = {
            "server": f"127.0.0.1:{servers.get(server, own)}",
            "all": "127.0.0.1",
            "port": str(own),
            "host": f"-{number}@%h" if number > 1 else "@%h",
            "config": str(folder / "configuration"),
            "store": str(folder / "store"),
        }
        return words[str(found.lastgroup)]

    return re.sub(pattern, local, value)


def postgresql_programs() -> Path:
    """The folder with the newest `initdb` and `postgres` of Debian, or PATH's."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=_version)
    path = found[-1] if found else shutil.which("initdb")
    if path is None:
        raise StackFailed("PostgreSQL is missing: apt-get install postgresql redis-server")
    return Path(path).parent


def _version(path: str) -> int:
    return int(path.split("/")[4])


def unprivileged() -> str | None:
    """Whom PostgreSQL runs as: it refuses to run as root; None where we are somebody else."""
    return "postgres" if os.geteuid() == 0 else None


def make_cluster(folder: Path, user: str, password: str) -> None:
    """What the image's entry point does: a cluster whose one user, with a password, owns it.

    The database is made by `make_database`, once the server is up.
    """
    owner = unprivileged()
    folder.mkdir(mode=0o700)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if owner is not None:
        shutil.chown(folder, owner, owner)
        shutil.chown(secret, owner, owner)
    made = subprocess.run(
        [
            str(postgresql_programs() / "initdb"),
            *("--pgdata", str(folder / "data"), "--username", user, "--pwfile", str(secret)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ],
        cwd=folder,
        user=owner,
        group=owner,
        extra_groups=() if owner else None,
        capture_output=True,
        text=True,
        check=False,
    )
    secret.unlink()
    if made.returncode:
        raise StackFailed(f"initdb ended with {made.returncode}: {made.stderr.strip()}")


def make_database(port: int, user: str, password: str, database: str) -> None:
    """The one database, as the image's entry point makes it."""
    with psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=user,
        password=password,
        dbname="postgres",
        autocommit=True,
    ) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


def prometheus_configuration(
    folder: Path, written: Path, token: str, ports: Mapping[str, list[int]]
) -> None:
    """The project's own configuration, with the processes of this machine as its targets."""
    folder.mkdir(parents=True)
    secret = folder / "metrics_token"
    secret.touch(mode=0o600)
    secret.write_text(token)
    document = yaml.safe_load((written / "prometheus.yml").read_text())
    for scraped in document["scrape_configs"]:
        scraped["authorization"]["credentials_file"] = str(secret)
        for discovery in scraped.pop("dns_sd_configs", []):
            names = discovery["names"]
            scraped.setdefault("static_configs", []).append({"targets": [f"{names[0]}:0"]})
        for group in scraped["static_configs"]:
            services = [target.partition(":")[0] for target in group["targets"]]
            group["targets"] = [
                f"127.0.0.1:{port}" for service in services for port in ports[service]
            ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    shutil.copy(written / "rules.yml", folder / "rules.yml")
