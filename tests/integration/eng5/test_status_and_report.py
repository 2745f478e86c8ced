"""Looking at runs: how far they are, and their documents written again from the rows."""

import pytest
from django.utils import timezone

from assessment.models import Batch
from tests.integration.assessment.essays import batch
from tests.integration.eng5.folders import write
from tests.integration.eng5.runner import count, eng5, eng5_here, read_run, start


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named_by", ["id", "label", "folder"])
def test_status_shows_the_run_that_is_named(named_by, tmp_path, capsys) -> None:
    batch()
    shown = batch(label="spring", max_comparisons_override=20)
    write(tmp_path / "run.json", f'{{"run": {{"id": "{shown.request_correlation_id}"}}}}')
    name = {"id": shown.pk, "label": "spring", "folder": tmp_path}[named_by]
    ended = eng5_here(capsys, "status", name).succeeded()
    (line,) = ended.out.splitlines()
    assert line.startswith(f"{shown.pk} 'spring': PENDING, 0 judged, 0 failed, of at most 20 ")
    assert " 20 comparisons (0%), 0 waves" in line
    assert "mock judge" in line
    assert ended.err == ""


@pytest.mark.django_db(transaction=True)
def test_status_lists_the_latest_runs_first(capsys) -> None:
    batches = [batch(), batch()]
    lines = eng5_here(capsys, "status").succeeded().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [str(one.pk) for one in batches[::-1]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "reason"), [("COMPLETED", "stable"), ("FAILED", "cost_cap")])
def test_of_a_run_that_has_ended_status_tells_what_came_of_it(status, reason, capsys) -> None:
    """It goes no further, so no share is told: 64 % would read as if something were missing."""
    one = batch(max_comparisons_override=20)
    Batch.objects.filter(pk=one.pk).update(
        status=status, stop_reason=reason, completed_at=timezone.now(), submitted=9, failed=9
    )
    (line,) = eng5_here(capsys, "status", one.pk).succeeded().out.splitlines()
    assert f"{status} ({reason}), 0 judged, 9 failed, of at most 20 comparisons, 0 waves" in line


@pytest.mark.django_db(transaction=True)
def test_status_says_how_to_begin_where_there_is_nothing(capsys) -> None:
    ended = eng5_here(capsys, "status").succeeded()
    assert "no batches yet" in ended.out
    assert "eng5 execute" in ended.out
    assert eng5_here(capsys, "status", "--json").succeeded().json == []


def test_status_as_json_is_one_list_of_what_execute_printed(sample_run) -> None:
    (entry,) = eng5(sample_run.data_dir, "status", "--json").succeeded().json
    assert entry == sample_run.finished.json
    assert entry["batch"]["label"] == "samples"


def test_report_writes_the_same_run_again(sample_run, tmp_path) -> None:
    """Everything in the folder comes from the rows, so that it can be had again."""
    copy = tmp_path / "copy"
    ended = eng5(sample_run.data_dir, "report", "samples", "--output", copy, "--json").succeeded()
    assert ended.json == sample_run.finished.json
    assert read_run(copy) == sample_run.document
    for name in ("results.csv", "comparisons.csv"):
        assert (copy / name).read_bytes() == (sample_run.output / name).read_bytes()
    assert (copy / "report.html").stat().st_size > 0


@pytest.mark.django_db(transaction=True)
def test_report_of_a_run_that_has_judged_nothing_yet(tmp_path, capsys) -> None:
    created = batch(label="spring")
    ended = eng5_here(capsys, "report", "spring", "--output", tmp_path / "run").succeeded()
    assert str(tmp_path / "run" / "report.html") in ended.out
    run = read_run(tmp_path / "run")
    assert (run["batch"]["id"], run["batch"]["status"]) == (created.pk, "PENDING")
    assert run["comparisons"] == []
    assert {row["score"] for row in run["results"]} == {None}


def test_resuming_a_finished_run_judges_nothing_more(sample_run) -> None:
    calls = count(sample_run.data_dir, "llmprovider_providercall")
    before = sample_run.document
    ended = eng5(sample_run.data_dir, "resume", sample_run.output, "--json").succeeded()
    assert ended.json == sample_run.finished.json
    assert sample_run.document == before
    assert count(sample_run.data_dir, "llmprovider_providercall") == calls


def test_a_reader_that_has_seen_enough_is_no_crash(data_dir) -> None:
    """`eng5 status | head -0`: no traceback when the pipe closes."""
    asked = start(data_dir, "status")
    assert asked.process.stdout is not None
    asked.process.stdout.close()
    assert asked.process.stderr is not None
    said = asked.process.stderr.read()
    assert asked.process.wait(timeout=60) == 1
    assert "Traceback" not in said
    assert "Exception ignored" not in said
