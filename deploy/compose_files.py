"""docker-compose.yml as data: services with the commands, environments and checks that run them.

Only what the native stack needs of the compose specification; the whole file is checked against the
specification's own schema in the tests.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

COMPLETED: Final = "service_completed_successfully"
_REFERENCE: Final = re.compile(r"\$\{(?P<name>\w+)(?:(?P<operator>:[-?])(?P<rest>[^}]*))?\}")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


class MissingVariable(ValueError):
    """A variable that the file demands is not set."""


@dataclass(frozen=True)
class Service:
    """One service. `published`: the port of this machine and the container's, where it has one, and
    `published_by` the variable that sets the former; `replicas`: how many processes of it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    probe: tuple[str, ...]
    depends_on: Mapping[str, str]
    published: tuple[int, int] | None
    published_by: str
    replicas: int
    grace_seconds: int


Rewrite = Callable[[str, str], str]


def read(text: str) -> dict[str, dict[str, Any]]:
    """The services as they are written, anchors and merges resolved."""
    services: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return services


def required(text: str) -> set[str]:
    """Names of the variables without which compose refuses to start."""
    return {
        found["name"] for found in _REFERENCE.finditer(_code(text)) if found["operator"] == ":?"
    }


def _code(text: str) -> str:
    return re.sub(r"^\s*#.*$", "", text, flags=re.M)


def filled(value: str, variables: Mapping[str, str]) -> str:
    """A value with its `${NAME}`, `${NAME:-default}` and `${NAME:?what it is}` filled in.

    Raises MissingVariable for the last form, where the variable is empty or not set.
    """

    def fill(found: re.Match[str]) -> str:
        known = variables.get(found["name"], "")
        if not known and found["operator"] == ":?":
            raise MissingVariable(f"set {found['name']}: {found['rest']}")
        return known or (found["rest"] or "" if found["operator"] == ":-" else "")

    return _REFERENCE.sub(fill, value)


def service(name: str, written: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    """A service as compose would run it in this environment."""

    def all_filled(words: list[Any]) -> tuple[str, ...]:
        return tuple(filled(str(word), variables) for word in words)

    test = written.get("healthcheck", {}).get("test", ["NONE"])
    ports = written.get("ports", [])
    replicas = written.get("deploy", {}).get("replicas", 1)
    return Service(
        name=name,
        command=all_filled(written.get("command", [])),
        environment=dict(_environment(written.get("environment", {}), variables)),
        probe=all_filled(test[1:]),
        depends_on={
            other: how["condition"] for other, how in written.get("depends_on", {}).items()
        },
        published=_published(ports, variables),
        published_by=next((found["name"] for found in map(_REFERENCE.search, ports) if found), ""),
        replicas=int(filled(str(replicas), variables)),
        grace_seconds=_seconds(written.get("stop_grace_period", "10s")),
    )


def _environment(
    written: Mapping[str, Any], variables: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for name, value in written.items():
        if value is not None:
            yield name, filled(str(value), variables)
        elif name in variables:
            yield name, variables[name]


def _published(ports: list[str], variables: Mapping[str, str]) -> tuple[int, int] | None:
    for port in ports:
        _, outside, inside = filled(port, variables).split(":")
        return int(outside), int(inside)
    return None


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * _UNITS[duration[-1]]


def in_order(services: Mapping[str, Service]) -> list[Service]:
    """Each after those that it depends on, else as they are written."""
    found: dict[str, Service] = {}

    def add(one: Service) -> None:
        for other in one.depends_on:
            add(services[other])
        found[one.name] = one

    for one in services.values():
        if one.name not in found:
            add(one)
    return list(found.values())


def once(services: Mapping[str, Service]) -> set[str]:
    """Names of those that end, and that others wait for."""
    return {
        name
        for one in services.values()
        for name, condition in one.depends_on.items()
        if condition == COMPLETED
    }
