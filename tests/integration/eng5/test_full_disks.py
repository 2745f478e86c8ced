"""A run whose documents do not fit on the disk says so, and leaves nothing half-written."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assessment.eng5.run_folders import NotWritten, write_run
from tests.integration.eng5.conftest import SampleRun


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """For this process; Python is told by an error, not by a signal."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_it_names_the_file_and_the_way_to_write_it_later(
    sample_run: SampleRun, tmp_path: Path
) -> None:
    """Issue 7: disk-full on artefact writing."""
    document = sample_run.document
    old = tmp_path / "run.json"
    old.write_text("{}")
    with no_file_beyond(10_000), pytest.raises(NotWritten) as told:
        write_run(tmp_path, document)
    assert str(told.value) == (
        f"{old} could not be written: File too large. Everything judged is kept. "
        f"Once that is mended: manage.py eng5 report {document['batch']['id']}"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert old.read_text() == "{}"
    assert write_run(tmp_path, document).exists()


def test_a_run_that_goes_on_is_to_be_resumed(sample_run: SampleRun, tmp_path: Path) -> None:
    document = sample_run.document
    document["batch"] |= {"completed_at": None, "status": "COMPARING"}
    with no_file_beyond(10_000), pytest.raises(NotWritten, match=r"manage.py eng5 resume \d+$"):
        write_run(tmp_path, document)
