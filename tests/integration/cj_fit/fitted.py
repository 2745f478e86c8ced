"""The command, as a user runs it, without leaving the process."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.unit.measurement.decisions import Session


def cj_fit(*arguments: object) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("cj_fit", *map(str, arguments), stdout=out)
    return out.getvalue()


def fitted(*arguments: object) -> dict[str, Any]:
    """The JSON that the command prints."""
    document: dict[str, Any] = json.loads(cj_fit(*arguments, "--format", "json"))
    return document


def refused(*arguments: object) -> str:
    """The message of bad input, which ends the command with exit code 2."""
    with pytest.raises(CommandError) as caught:
        cj_fit(*arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


def written(path: Path, session: Session, judges: int = 1) -> Path:
    """The session as a file with the columns essay_a, essay_b, winner, judge."""
    rows = zip(session.first, session.second, session.first_won, strict=True)
    path.write_text(
        "essay_a,essay_b,winner,judge\n"
        + "".join(
            f"e{a:02},e{b:02},{'essay_a' if won else 'essay_b'},judge {row % judges}\n"
            for row, (a, b, won) in enumerate(rows)
        )
    )
    return path
