"""Whether this process can start in its environment; if not, one line says which variable and why.

Nothing here repeats a value: it may be a secret.
"""

import difflib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

BAD_ENVIRONMENT: Final = 2
_FIELD = re.compile(r'field "([A-Z_]+)"')


def settings_classes() -> Sequence[type[BaseSettings]]:
    from assessment.conf import AssessmentSettings
    from llmprovider.conf import ProviderSettings

    return (AssessmentSettings, ProviderSettings)


@contextmanager
def ending_plainly() -> Iterator[None]:
    """A bad environment met in the block ends the process: one line for each fault, exit code 2."""
    try:
        yield
    except (ImproperlyConfigured, ValidationError, SettingsError) as error:
        for line in problems(error):
            print(line, file=sys.stderr)  # noqa: T201 - before there is a log
        raise SystemExit(BAD_ENVIRONMENT) from None


def check() -> None:
    """Read every setting, without loading the apps. Ends the process where one cannot be."""
    from django.conf import settings

    from cjproject import logs

    with ending_plainly():
        bool(settings.INSTALLED_APPS)
        logs.formatter()
        for kind in settings_classes():
            kind()


def problems(error: Exception) -> list[str]:
    """What is wrong, a line for each variable, by its full name."""
    if isinstance(error, ValidationError):
        prefix = _prefix(error.title)
        return [_line(prefix, one["loc"], one["msg"]) for one in error.errors(include_input=False)]
    if isinstance(error, SettingsError):
        field = _FIELD.search(str(error))
        name = field.group(1) if field else "a setting"
        return [f"{_prefix_of_field(name)}{name} is no valid JSON. Mend it, or leave it out"]
    return [str(error)]


def _line(prefix: str, location: tuple[int | str, ...], message: str) -> str:
    words = message.removeprefix("Value error, ")
    if not location:
        return f"{prefix}{words}"  # the check of several settings names the one that it minds
    name, *inside = map(str, location)
    where = f" ({' '.join(inside)})" if inside else ""
    return f"{prefix}{name}{where}: {words[:1].lower()}{words[1:]}. Mend it, or leave it out"


def _prefix(title: str) -> str:
    return next((_prefix_in(kind) for kind in settings_classes() if kind.__name__ == title), "")


def _prefix_of_field(name: str) -> str:
    return next((_prefix_in(one) for one in settings_classes() if name in one.model_fields), "")


def _prefix_in(kind: type[BaseSettings]) -> str:
    return kind.model_config.get("env_prefix", "")


def misspelt(environment: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Variables with one of our prefixes that name no setting, each with the nearest one's name.

    They change nothing, however likely it is that somebody counts on them.
    """
    found = []
    for kind in settings_classes():
        prefix = _prefix_in(kind)
        known = [f"{prefix}{name}" for name in kind.model_fields]
        for name in sorted(os.environ if environment is None else environment):
            if name.upper().startswith(prefix) and name.upper() not in known:
                near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)
                found.append((name, near[0]))
    return found


def misspelling_words(name: str, nearest: str) -> str:
    """One of `misspelt` in a sentence."""
    return f"{name} is no setting and changes nothing. Is {nearest} meant? Correct it, or unset it"
