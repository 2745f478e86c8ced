"""A finished batch says how far its verdicts can be trusted, in its result and its documents."""

import pytest

from assessment.eng5.documents import run_document
from assessment.fitting import diagnostics
from assessment.models import Batch
from assessment.reports.csv_exports import comparisons_csv, results_csv
from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run
from tests.integration.assessment.essays import batch
from tests.integration.cj_fit.fitted import fitted
from tests.integration.results.judged import judged, round_robin, unjudged
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db


def finished(models: tuple[str, ...] = ("m1",)) -> Batch:
    one = unjudged(18, 6)
    return judged(one, round_robin(one, seed=4, models=models))


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_healthy_batch_of_24_essays_raises_no_warning(seed):
    """P-54: 24 essays, all 276 pairs, a judge that is not simulated."""
    one = unjudged(18, 6)
    one = judged(one, round_robin(one, seed))
    assert (one.status, one.essays.count(), one.completed) == ("COMPLETED", 24, 276)
    assert one.warnings == []
    assert one.result["measurement"]["reliability"] > 0.7


def test_every_figure_is_in_the_result_and_passes_the_schema():
    """P-51, P-64"""
    one = finished(("m1", "m2", "m3", "m4"))
    found = one.result["measurement"]
    assert [judge["judge"] for judge in found["judges"]] == [
        f"anthropic:m{n}" for n in (1, 2, 3, 4)
    ]
    assert sum(judge["comparisons"] for judge in found["judges"]) == 276
    assert all(judge["agreement"] > 0.5 for judge in found["judges"])
    assert found["triads"]["complete"] == 24 * 23 * 22 // 6
    assert found["split_half"]["repeats"] == found["split_half_by_judges"]["repeats"] == 50
    assert found["order_agreement"] is None  # every pair was shown in one order only
    assert found["field"]["ssr_mle"] > 0.5
    assert len(found["anchor_checks"]) == 6
    assert found["not_computed"] == []
    document = run_document(one)
    validate_run(document)
    for row in document["results"]:
        assert row["se"] > 0 and row["infit"] > 0 and row["component"] == 0
    ids = {row["correlation_id"] for row in document["comparisons"]}
    assert {row["correlation_id"] for row in found["surprises"]} <= ids
    assert "How consistent the verdicts are" in render_report(document)


def test_pairs_shown_in_both_orders_tell_how_often_the_winner_stays():
    one = unjudged(6)
    verdicts = round_robin(one, seed=4)
    again = [(b, a, not won, model) for a, b, won, model in verdicts[:10]]
    turned = [(b, a, won, model) for a, b, won, model in verdicts[10:]]
    found = judged(one, verdicts + again + turned).result["measurement"]["order_agreement"]
    assert found["pairs"] == 15
    assert found["agreement"] == pytest.approx(10 / 15)


def test_a_judge_unlike_the_others_is_named():
    one = unjudged(12)
    verdicts = [verdict for seed in range(8) for verdict in round_robin(one, 4, ("m",))]
    told = [
        (a, b, won if row % 8 else not won, f"m{row % 8}")
        for row, (a, b, won, _) in enumerate(verdicts)
    ]
    one = judged(one, told)
    (warning,) = [found for found in one.warnings if found["code"] == "judge_misfit"]
    assert "anthropic:m0" in warning["message"] and "m1" not in warning["message"]


def test_parts_that_never_met_are_said_for_each_essay():
    """P-52"""
    one = unjudged(4)
    one = judged(one, [(0, 1, True, "m"), (2, 3, True, "m")] * 6)
    document = run_document(one)
    assert {row["component"] for row in document["results"]} == {0, 1}
    assert "disconnected_graph" in {warning["code"] for warning in one.warnings}
    assert "not_connected" in results_csv(document)


def test_an_anchor_that_the_others_contradict_shows_it():
    """P-56: the anchor known as F wins everything; each anchor is graded by the others."""
    one = unjudged(6, 6)
    lowest = next(e.position for e in one.essays.all() if e.known_grade == "E")
    verdicts = [
        (a, b, a == lowest if lowest in (a, b) else won, model)
        for a, b, won, model in round_robin(one, seed=4)
    ]
    one = judged(one, verdicts)
    checks = {row["known_grade"]: row for row in one.result["measurement"]["anchor_checks"]}
    assert checks["E"]["steps"] >= 3
    assert "anchors_out_of_order" in {warning["code"] for warning in one.warnings}


def test_what_is_too_large_is_left_out_and_said(monkeypatch):
    for limit in ("TRIAD_LIMIT", "SPLIT_HALF_LIMIT"):
        monkeypatch.setattr(diagnostics, limit, 1)
    found = finished().result["measurement"]
    assert (found["triads"], found["split_half"]) == (None, None)
    assert found["not_computed"] == ["circular triads", "split half"]


def test_a_run_s_comparisons_can_be_fitted_again(tmp_path):
    """The same decisions give the same scores, wherever they are read from."""
    one = finished(("m1", "m2"))
    document = run_document(one)
    path = tmp_path / "comparisons.csv"
    path.write_text(comparisons_csv(document), newline="")
    again = fitted(path)
    scores = {item["item"]: item["score"] for item in again["items"]}
    for row in document["results"]:
        assert scores[row["essay"]] == pytest.approx(row["score"], abs=0.01)
    assert [judge["judge"] for judge in again["judges"]] == ["anthropic:m1", "anthropic:m2"]
    assert again["summary"]["gamma"] is not None


def test_a_result_from_before_still_has_its_documents():
    one = finished()
    kept = ("reliability", "reliability_low", "reliability_high", "reliability_reason", "sigma")
    kept += ("components", "position_effect", "boundaries", "anchor_inversions", "agreement")
    one.result = {"measurement": {key: one.result["measurement"][key] for key in kept}}
    one.save()
    document = run_document(one)
    validate_run(document)
    assert document["results"][0]["infit"] is None
    assert "None" not in results_csv(document)
    assert "How consistent" in render_report(document)  # sigma is there


@pytest.mark.parametrize("students", [1, 2])
def test_the_smallest_batches_end_as_ever(students):
    one = driving.run(batch(students))
    assert one.status == "COMPLETED"
    validate_run(run_document(one))
