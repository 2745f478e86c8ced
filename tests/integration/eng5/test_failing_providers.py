"""A run that no judge answers fails, says why, and keeps its record."""

from assessment.reports.schema import validate_run
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.runner import eng5_here, read_run
from tests.unit.reports.pages import Page


def test_a_run_without_answers_fails_and_says_why(
    transactional_db, essays, tmp_path, capsys, monkeypatch
) -> None:
    """P-10, P-68: one token is too few for any answer, so every call is cut off."""
    monkeypatch.setenv("LLM_PROVIDER_SERVICE_QUEUE_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_MAX_RETRY_ATTEMPTS", "0")
    output = tmp_path / "run"
    options = [*MOCK, "--max-tokens", "1", "--max-comparisons", "12", "--output", output]
    ended = eng5_here(capsys, "execute", *essays, *options)
    assert ended.code == 1
    assert "FAILED (low_success_rate)" in ended.out
    assert "0 of 12 answered comparisons have a winner" in ended.out
    run = read_run(output)
    validate_run(run)
    assert (run["batch"]["status"], run["batch"]["stop_reason"]) == ("FAILED", "low_success_rate")
    assert (run["batch"]["completed"], run["batch"]["failed"]) == (0, 12)
    assert {row["winner"] for row in run["comparisons"]} == {None}
    assert {row["error"]["error_type"] for row in run["comparisons"]} == {"max_tokens"}
    assert {call["error_type"] for call in run["calls"]} == {"max_tokens"}
    assert {row["grade"] for row in run["results"]} == {None}
    assert run["batch"]["mock"] is True
    report = Page((output / "report.html").read_text(encoding="utf-8")).words
    assert "Mock run." in report
    assert run["batch"]["failure"] in report
    assert "Nothing was judged, so there are no scores and no grades." in report
    for untrue in ("takes anchors", "Few comparisons", "worked out anew", "not measured yet"):
        assert untrue not in report
    assert run["measurement"]["reliability_reason"] == "nothing was judged"
