"""A run's folder: run.json, the two tables and the report, each written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.text import slugify

from assessment.reports.csv_exports import comparisons_csv, results_csv
from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run

RUN_DOCUMENT = "run.json"
REPORT = "report.html"


class FolderTaken(ValueError):
    """The folder holds another run."""


class NotWritten(Exception):
    """A document of a run could not be written; its words say why, and how to write it later."""


def default_folder(label: str, now: datetime) -> Path:
    """runs/LABEL, or runs/ and the moment for a run without one."""
    name = slugify(label) or f"{now:%Y%m%d-%H%M%S}"
    return Path(settings.BASE_DIR) / "runs" / name


def run_id_in(folder: Path) -> str | None:
    """The id of the run whose folder this is; None where there is no run document."""
    try:
        document = json.loads((folder / RUN_DOCUMENT).read_text(encoding="utf-8"))
        return str(document["run"]["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def claim_folder(folder: Path) -> None:
    """Make sure that the folder can take a new run. Raises FolderTaken, or OSError."""
    if (folder / RUN_DOCUMENT).exists():
        raise FolderTaken(
            f"{folder} holds another run. Name a new folder with --output, "
            "or continue that run with --resume"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def write_run_document(folder: Path, document: Mapping[str, Any]) -> None:
    """Check the document against its schema and write it. Raises NotWritten."""
    validate_run(document)
    with _told(document):
        _write(folder / RUN_DOCUMENT, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_run(folder: Path, document: Mapping[str, Any]) -> Path:
    """Write every artefact of a run; returns the report's path. Raises NotWritten."""
    write_run_document(folder, document)
    with _told(document):
        _write(folder / "comparisons.csv", comparisons_csv(document))
        _write(folder / "results.csv", results_csv(document))
        _write(folder / REPORT, render_report(document))
    return folder / REPORT


@contextmanager
def _told(document: Mapping[str, Any]) -> Iterator[None]:
    """A full disk is no crash: what is judged is in the database, and can be written later."""
    try:
        yield
    except OSError as error:
        batch = document["batch"]
        again = "resume" if batch["completed_at"] is None else "report"
        raise NotWritten(
            f"{error.filename or 'the run'} could not be written: {error.strerror}. Everything "
            f"judged is kept. Once that is mended: manage.py eng5 {again} {batch['id']}"
        ) from None


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a crash or a full disk leaves the old one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as new:
            new.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
