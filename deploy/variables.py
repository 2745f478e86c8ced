"""The variables that compose reads, and the settings in its env_file, for a stack to try out."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy import compose_files
from deploy.processes import PROJECT


def made_up(given: Mapping[str, str]) -> dict[str, str]:
    """The environment, with random values for the secrets that compose demands and it lacks."""
    text = (PROJECT / "docker-compose.yml").read_text()
    found = {name: secrets.token_hex(32) for name in compose_files.required(text)}
    found["DJANGO_ALLOWED_HOSTS"] = "localhost"
    return found | {name: value for name, value in given.items() if value}


def settings_file(path: Path) -> dict[str, str]:
    """What an env_file sets, without quotes around values; nothing where there is no file."""
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = [line.partition("=") for line in lines if line.strip() and not line.startswith("#")]
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}
