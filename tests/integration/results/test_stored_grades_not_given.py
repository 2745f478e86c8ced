"""A finished batch stores the true reason for no grades, and no chance where nothing is known."""

import csv
import io
import json

import pytest

from assessment.eng5.documents import run_document
from assessment.reports.csv_exports import results_csv
from assessment.reports.rendering import render_report
from assessment.reports.schema import validate_run
from tests.integration.results.judged import judged, round_robin, unjudged

pytestmark = pytest.mark.django_db


def test_anchors_that_never_met_are_the_reason_and_not_their_grades():
    """P-62"""
    one = unjudged(2, 2)
    anchors = [essay.position for essay in one.essays.filter(role="anchor")]
    students = [essay.position for essay in one.essays.filter(role="student")]
    pairs = list(zip(students, anchors, strict=True))
    one = judged(one, [(a, b, True, "m") for a, b in pairs] * 4)
    reason = "no two anchors of different grades are connected by comparisons"
    assert one.result["measurement"]["no_grades_reason"] == reason
    assert f"No grades are given: {reason}." in render_report(run_document(one))


def test_a_grade_beyond_all_anchors_has_no_chance_in_any_document():
    one = unjudged(10, 3)
    one = judged(one, round_robin(one, seed=4))
    held = {essay.known_grade for essay in one.essays.filter(role="anchor")}
    places = [one.grade_scale.index(label) for label in held]
    beyond = [
        label
        for place, label in enumerate(one.grade_scale)
        if not min(places) <= place <= max(places)
    ]
    assert beyond
    document = json.loads(json.dumps(run_document(one), allow_nan=False))
    validate_run(document)
    for row in document["results"]:
        shares = row["grade_probabilities"]
        assert {label for label, share in shares.items() if share is None} == set(beyond)
        assert sum(share or 0.0 for share in shares.values()) == pytest.approx(1.0)
    for row in csv.DictReader(io.StringIO(results_csv(document))):
        assert {row[f"p_{label}"] for label in beyond} == {""}
    assert f"No anchor reaches {', '.join(beyond)}" in render_report(document)
