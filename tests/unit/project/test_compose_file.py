"""docker-compose.yml brings the two servers: on this machine only, and with no password in it."""

import re
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[3]
TEXT = (PROJECT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]


def test_it_brings_the_servers_that_the_two_variables_need():
    assert set(SERVICES) == {"postgres", "redis"}
    for name, service in SERVICES.items():
        assert re.fullmatch(rf"{name}:\d+-alpine", service["image"])
        assert service["healthcheck"]["test"] and service["restart"] and service["volumes"]


def test_its_ports_are_open_to_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service["ports"]]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_its_password_comes_from_the_environment():
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith(
        "${POSTGRES_PASSWORD:?"
    )


def test_its_volumes_are_declared():
    named = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert named == set(yaml.safe_load(TEXT)["volumes"])
