"""`eng5 compare`: two runs on the same essays, side by side."""

import hashlib
import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assessment.comparing.documents import comparison_document
from assessment.comparing.essays import NotComparable
from assessment.comparing.run_pairs import RunPair, run_pair
from assessment.comparing.tables import Section, sections
from assessment.eng5.bad_options import BadOption
from assessment.eng5.batches import NoSuchBatch, find_batch, folder_of
from assessment.eng5.documents import run_document
from assessment.eng5.run_folders import RUN_DOCUMENT, NotWritten, run_id_in
from assessment.eng5.running import require_tables
from assessment.eng5.tables import Output, write_table
from assessment.models import Batch, OutgoingEvent
from assessment.reports.comparison_pages import render_comparison
from assessment.reports.schema import RunDocumentError, validate_run

PAGE, DOCUMENT = "comparison.html", "comparison.json"
INSTRUCTIONS = ("task", "rubric", "system_prompt")


def compare(options: Namespace, out: Output, err: Output) -> bool:
    """Print how two ended runs differ, and write it to a folder if one is named."""
    require_tables()
    batches = [_batch(named) for named in options.runs]
    documents = [
        _document(named, batch) for named, batch in zip(options.runs, batches, strict=True)
    ]
    if all(batches):
        for document, batch in zip(documents, batches, strict=True):
            _add_instructions(document, batch)
    try:
        pair = run_pair(documents[0], documents[1], (_event(batches[0]), _event(batches[1])))
    except NotComparable as error:
        raise BadOption(str(error)) from None
    found = comparison_document(pair)
    page = _write(options.output, pair, found) if options.output else None
    if options.json:
        out.write(json.dumps(found, indent=1, ensure_ascii=False))
        return True
    for section in sections(pair):
        _print(section, out)
    if page is not None:
        out.write(f"\nPicture: {page}")
    return True


def _batch(named: str) -> Batch | None:
    """The batch that is meant; None for the folder of a run in another database."""
    try:
        return find_batch(named)
    except NoSuchBatch:
        path = Path(named) / RUN_DOCUMENT
        if run_id_in(path.parent) is not None:
            return None
        if path.exists():
            raise BadOption(
                f"{path} cannot be read: it is cut off, or no run document. "
                "`manage.py eng5 report` writes it again where the run was made"
            ) from None
        raise


def _document(named: str, batch: Batch | None) -> dict[str, Any]:
    """From the rows where they are at hand, else as it was written."""
    if batch is not None:
        return {**run_document(batch), "versions": _versions(batch)}
    path = Path(named) / RUN_DOCUMENT
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    try:
        validate_run(document)
    except RunDocumentError as error:
        raise BadOption(f"{path} is no run document: {error}") from None
    return document


def _versions(batch: Batch) -> dict[str, str]:
    """Of the software when the run's document was written; the rows do not tell."""
    folder = folder_of(batch)
    if folder is None or run_id_in(folder) != str(batch.request_correlation_id):
        return {}
    document = json.loads((folder / RUN_DOCUMENT).read_text(encoding="utf-8"))
    found: dict[str, str] = document.get("versions", {})
    return found


def _add_instructions(document: dict[str, Any], batch: Batch) -> None:
    """Hashes of the words in the rows: a run over the API has no files that they came from."""
    document["inputs"] = {
        **document["inputs"],
        **{
            name: {"name": name, "sha256": hashlib.sha256(words.encode()).hexdigest()}
            for name in INSTRUCTIONS
            if (words := getattr(batch, name))
        },
    }


def _event(batch: Batch | None) -> Mapping[str, Any] | None:
    event = OutgoingEvent.objects.filter(batch=batch).first() if batch is not None else None
    return event.document if event is not None else None


def _print(section: Section, out: Output) -> None:
    out.write(f"\n{section.title}")
    if section.rows:
        write_table(section.head, section.rows, out)
    for words in section.words:
        out.write(f"  {words}")


def _write(folder: Path, pair: RunPair, found: dict[str, Any]) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOption(
            f"--output: {folder}: {error.strerror}. Name a folder that can be written"
        ) from None
    page = folder / PAGE
    try:
        page.write_text(render_comparison(pair), encoding="utf-8")
        words = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        (folder / DOCUMENT).write_text(words, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{folder} could not be written: {error.strerror}") from None
    return page
