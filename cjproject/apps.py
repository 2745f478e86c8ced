"""The project as an app: what it checks when it starts."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 - Django's own name


class ProjectConfig(AppConfig):
    name = "cjproject"

    def ready(self) -> None:
        register(misspelt_settings)


def misspelt_settings(**_: Any) -> list[CheckMessage]:
    """A setting with a wrong name is passed over without a word by whoever reads settings."""
    from cjproject.environments import misspelling_words, misspelt

    return [
        Warning(misspelling_words(name, nearest), id="cjproject.W001")
        for name, nearest in misspelt()
    ]
