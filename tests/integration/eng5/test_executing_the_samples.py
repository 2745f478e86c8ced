"""`eng5 execute` on the samples: what it prints, and what is in its folder afterwards."""

import csv
import hashlib

from assessment.reports.schema import validate_run
from tests.integration.eng5.folders import SAMPLES
from tests.integration.eng5.runner import count

DOCUMENT_KEYS = {
    "run": {"id", "label", "command", "started_at", "finished_at"},
    "inputs": {"files", "grade_scale", "task", "rubric", "system_prompt", "mock_truth"},
    "settings": {"seed"},
    "batch": {
        *("id", "status", "stop_reason", "llm_batching_mode", "mock", "total_budget"),
        *("completion_denominator", "submitted", "completed", "failed", "waves"),
    },
    "cost": {"usd", "calls", "input_tokens", "output_tokens"},
    "versions": {"python", "django", "celery"},
}
ROW_KEYS = {
    "waves": {"number", "kind", "size", "decision", "reason", "max_score_change", "reliability"},
    "comparisons": {
        *("correlation_id", "wave", "essay_a", "essay_b", "winner", "confidence"),
        *("justification", "provider", "model", "error", "metadata"),
    },
    "results": {
        *("essay", "role", "rank", "score", "se", "comparisons", "grade"),
        *("grade_probabilities", "known_grade"),
    },
    "calls": {
        *("provider", "model", "items", "input_tokens", "output_tokens", "cost_usd"),
        *("attempt", "error_type"),
    },
}
SPINE = {
    *("request_correlation_id", "essay_a_id", "essay_b_id", "cj_batch_id", "cj_source"),
    *("cj_request_type", "cj_llm_batching_mode", "comparison_iteration", "preferred_bundle_size"),
}


def test_the_run_document_has_what_the_schema_and_its_readers_expect(sample_run) -> None:
    document = sample_run.document
    validate_run(document)
    for part, keys in DOCUMENT_KEYS.items():
        assert keys <= document[part].keys(), part
    for part, keys in ROW_KEYS.items():
        assert document[part], part
        assert all(keys <= row.keys() for row in document[part]), part
    assert isinstance(document["warnings"], list)


def test_the_counters_equal_the_rows(sample_run) -> None:
    """P-01, P-03: what the batch says of itself can be counted in the same document."""
    document = sample_run.document
    batch, rows = document["batch"], document["comparisons"]
    judged = [row for row in rows if row["winner"]]
    assert (batch["status"], batch["stop_reason"]) == ("COMPLETED", "budget_exhausted")
    assert len(rows) == batch["submitted"] == batch["total_budget"] == 200
    assert len(judged) == batch["completed"]
    assert batch["completed"] + batch["failed"] == batch["submitted"]
    assert sum(wave["size"] for wave in document["waves"]) == batch["submitted"]
    assert len(document["waves"]) == batch["waves"]
    assert sum(call["items"] for call in document["calls"]) == len(rows)
    assert len(document["calls"]) == document["cost"]["calls"] < len(rows) / 5
    compared = sum(row["comparisons"] for row in document["results"])
    assert compared == 2 * len(judged)


def test_it_stores_one_row_per_comparison_and_call(sample_run) -> None:
    document = sample_run.document
    data = sample_run.data_dir
    assert count(data, "assessment_comparisonpair") == len(document["comparisons"])
    assert count(data, "llmprovider_queueitem") == len(document["comparisons"])
    assert count(data, "llmprovider_providercall") == len(document["calls"])


def test_every_comparison_echoes_the_metadata_it_was_sent_with(sample_run) -> None:
    for row in sample_run.document["comparisons"]:
        metadata = row["metadata"]
        assert SPINE <= metadata.keys()
        assert metadata["request_correlation_id"] == row["correlation_id"]
        assert metadata["cj_source"] == "eng5_runner"
        assert metadata["comparison_iteration"] == row["wave"]


def test_no_pair_is_judged_twice(sample_run) -> None:
    """P-40."""
    pairs = [
        frozenset((row["essay_a"], row["essay_b"])) for row in sample_run.document["comparisons"]
    ]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(set(pairs)) == len(pairs)


def test_the_inputs_are_on_record_by_their_hashes(sample_run) -> None:
    inputs = sample_run.document["inputs"]
    assert len(inputs["files"]) == 33
    for name, file in (("task", "task.md"), ("rubric", "rubric.md"), ("mock_truth", "grades.csv")):
        digest = hashlib.sha256((SAMPLES / file).read_bytes()).hexdigest()
        assert inputs[name] == {"name": file, "sha256": digest}
    assert sample_run.document["settings"]["seed"] == 1


def test_essays_are_ranked_and_graded_in_a_sensible_order(sample_run) -> None:
    """P-61, P-62: students have ranks 1 to 24 and grades, anchors keep their known grade."""
    results = sample_run.document["results"]
    students = [row for row in results if row["role"] == "student"]
    anchors = [row for row in results if row["role"] == "anchor"]
    assert sorted(row["rank"] for row in students) == list(range(1, 25))
    assert all(row["grade"] and sum(row["grade_probabilities"].values()) > 0.99 for row in students)
    assert all(row["rank"] is None and row["known_grade"] for row in anchors)
    assert sample_run.document["measurement"]["agreement"]["tau_b"]["value"] >= 0.75


def test_the_tables_hold_the_same_rows(sample_run) -> None:
    document = sample_run.document
    with (sample_run.output / "comparisons.csv").open(encoding="utf-8", newline="") as file:
        comparisons = list(csv.DictReader(file))
    with (sample_run.output / "results.csv").open(encoding="utf-8", newline="") as file:
        results = list(csv.DictReader(file))
    assert [(row["correlation_id"], row["winner"]) for row in comparisons] == [
        (row["correlation_id"], row["winner"]) for row in document["comparisons"]
    ]
    assert [(row["essay"], row["grade"]) for row in results] == [
        (row["essay"], row["grade"]) for row in document["results"]
    ]


def test_everything_says_that_the_judge_was_simulated(sample_run) -> None:
    document = sample_run.document
    assert document["batch"]["mock"] is True
    assert {row["provider"] for row in document["comparisons"]} == {"mock"}
    assert {call["provider"] for call in document["calls"]} == {"mock"}
    assert {"mock_run"} <= {warning["code"] for warning in document["warnings"]}
    report = (sample_run.output / "report.html").read_text(encoding="utf-8")
    assert "Mock run." in report
    printed = sample_run.finished.json
    assert printed["batch"]["mock"] is True
    assert "mock_run" in {warning["code"] for warning in printed["warnings"]}


def test_the_report_needs_nothing_from_elsewhere(sample_run) -> None:
    report = (sample_run.output / "report.html").read_text(encoding="utf-8")
    assert "<svg" in report
    for outside in ("<script src", '<link rel="stylesheet" href="http', 'src="http', "@import"):
        assert outside not in report


def test_json_prints_one_document_and_nothing_else(sample_run) -> None:
    """Stdout is the run document's batch, cost, jobs, troubles and warnings; progress goes to
    stderr. A live run has no batch jobs; this one met no trouble."""
    document = sample_run.document
    assert sample_run.finished.json == {
        "batch": document["batch"],
        "cost": document["cost"],
        "jobs": [],
        "troubles": [],
        "warnings": document["warnings"],
    }


def test_progress_is_a_line_per_step_where_there_is_no_terminal(sample_run) -> None:
    lines = sample_run.finished.err.splitlines()
    assert lines[-1].startswith("COMPLETED wave")
    assert any(line.startswith("COMPARING wave 1:") for line in lines)
    assert all("of at most 200 comparisons" in line and "$0.0000" in line for line in lines)
    assert "\x1b[" not in sample_run.finished.err


def test_the_folder_holds_the_run_and_nothing_half_written(sample_run) -> None:
    assert sorted(path.name for path in sample_run.output.iterdir()) == [
        "comparisons.csv",
        "report.html",
        "results.csv",
        "run.json",
    ]


def test_no_essay_text_is_in_what_the_run_writes_or_prints(sample_run) -> None:
    """Essays are personal data: reports go further than the essays may."""
    essays = [*(SAMPLES / "students").iterdir(), *(SAMPLES / "anchors").iterdir()]
    written = [path.read_text(encoding="utf-8") for path in sample_run.output.iterdir()]
    written += [sample_run.finished.out, sample_run.finished.err]
    for essay in essays:
        middle = essay.read_text(encoding="utf-8")[200:260]
        assert not any(middle in text for text in written), essay.name
