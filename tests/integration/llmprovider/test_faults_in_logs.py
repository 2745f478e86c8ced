"""T34: what the log says of an exception: its type and place, never its words."""

import logging

import pytest
from django.db import IntegrityError

from assessment import tasks as assessment_tasks
from llmprovider import tasks

ROW = "Failing row contains (1, Text of a pupil)"


def failing(*arguments: object) -> None:
    raise IntegrityError(ROW)


@pytest.mark.parametrize(
    ("place", "run"),
    [
        ("llmprovider.tasks.take_turn", lambda: tasks.process_bundle("b1")),
        ("llmprovider.tasks.tend", lambda: tasks.submit_job("j1")),
        ("llmprovider.tasks.tend", lambda: tasks.check_job("j1")),
        (
            "assessment.lifecycle.waves.recording.record_parcel",
            lambda: assessment_tasks.record_results("p1"),
        ),
    ],
)
def test_a_failing_row_is_not_in_the_log(monkeypatch, caplog, place, run):
    """T34: PostgreSQL quotes the row in its error."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(place, failing)
    run()
    assert "Text of a pupil" not in caplog.text
    assert "IntegrityError in tasks.py:" in caplog.text
    assert "test_faults_in_logs.py" in caplog.text
