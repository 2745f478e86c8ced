"""The project's compose file, as the tests here read it."""

from typing import Any, Final

import yaml

from tests.conftest import PROJECT

TEXT: Final = (PROJECT / "docker-compose.yml").read_text()
DOCUMENT: Final[dict[str, Any]] = yaml.safe_load(TEXT)
SERVICES: Final[dict[str, dict[str, Any]]] = DOCUMENT["services"]
# Built from the Dockerfile.
OURS: Final = ("migrate", "web", "worker", "judge-worker", "beat")
WORKERS: Final = ("worker", "judge-worker")
