"""Finding the batch that a command line means."""

from pathlib import Path

from assessment.eng5.run_folders import run_id_in
from assessment.models import Batch


class NoSuchBatch(ValueError):
    """No batch is meant by this, or more than one."""


def find_batch(named: str) -> Batch:
    """The batch named by its id, its label or its run folder. Raises NoSuchBatch."""
    if Path(named).is_dir():
        found = batch_in_folder(Path(named))
        if found is not None:
            return found
    matches = list(Batch.objects.filter(label=named)[:2])
    if not matches and named.isdecimal():
        matches = list(Batch.objects.filter(pk=int(named))[:2])
    if not matches:
        raise NoSuchBatch(
            f"no batch {named!r}: give an id, a label or a run's folder "
            "(`manage.py eng5 status` lists them)"
        )
    if len(matches) > 1:
        raise NoSuchBatch(f"several batches have the label {named!r}: give the id")
    return matches[0]


def batch_in_folder(folder: Path) -> Batch | None:
    """The batch whose run document is in `folder`, if it is in this database."""
    run_id = run_id_in(folder)
    if run_id is None:
        return None
    # The first: a client may give its requests an id that is in use.
    batch = Batch.objects.filter(request_correlation_id=run_id).order_by("pk").first()
    if batch is None:
        raise NoSuchBatch(
            f"the run in {folder} is not in this database (DATABASE_URL); its report is complete "
            "as it stands, but it can be continued only where it began"
        )
    return batch


def folder_of(batch: Batch) -> Path | None:
    """Where the batch's run was to be written, if the command line made it."""
    output = (batch.run_record or {}).get("output")
    return Path(output) if output else None
