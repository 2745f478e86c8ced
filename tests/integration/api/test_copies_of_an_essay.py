"""The same text twice in a batch: said at once, never compared with itself, judged all the same."""

import pytest
from rest_framework.test import APIClient

from assessment.models import Batch, ComparisonPair
from tests.integration.api.batches import anchor, essay, request, work

URL = "/api/v1/batches"
COPY = essay(9, name="copy", text=essay(1)["text"])
ESSAYS = [*(essay(number) for number in range(5)), COPY]

pytestmark = pytest.mark.django_db


def created(api: APIClient, **changes: object) -> Batch:
    answer = api.post(URL, request(**{"essays": ESSAYS, **changes}), format="json")
    assert answer.status_code == 201, answer.data
    return Batch.objects.get(pk=answer.json()["id"])


def warning_of(batch: Batch) -> str:
    messages = {warning["code"]: warning["message"] for warning in batch.warnings}
    return messages.get("same_text", "")


def test_it_warns_from_the_start_to_the_results(api: APIClient) -> None:
    batch = created(api)
    assert "copy, student_1" in warning_of(batch)
    assert "not compared with each other" in warning_of(batch)
    work(batch.pk)
    told = api.get(f"{URL}/{batch.pk}/results").json()
    assert "same_text" in [warning["code"] for warning in told["warnings"]]
    assert len([row for row in told["results"] if row["score"] is not None]) == 6
    assert warning_of(batch) in api.get(f"{URL}/{batch.pk}/report").content.decode()


@pytest.mark.parametrize("mode", ["per_request", "serial_bundle"])
def test_every_other_pair_is_judged_and_the_batch_is_complete(api: APIClient, mode: str) -> None:
    """P-01, P-40: 100 % and `coverage_complete` without the pair that nobody can judge."""
    overrides = {"seed": 7, "llm_batching_mode_override": mode, "reliability_target": 0.999}
    batch = work(created(api, batch_config_overrides=overrides).pk)
    pairs = ComparisonPair.objects.values_list("essay_a__sha256", "essay_b__sha256")
    assert not [pair for pair in pairs if pair[0] == pair[1]]
    assert batch.completion_denominator == 14
    assert (batch.stop_reason, len(pairs), batch.progress) == ("coverage_complete", 14, 1.0)


def test_an_anchors_text_is_as_good_as_a_students(api: APIClient) -> None:
    handed_in = essay(8, name="handed_in", text=anchor(4)["text"])
    batch = created(api, essays=[anchor(1), anchor(4), handed_in, essay(5)])
    assert "anchor_4, handed_in" in warning_of(batch)
    assert batch.completion_denominator == 5


def test_pairs_that_the_caller_names_are_made_and_warned_of(api: APIClient) -> None:
    """An experiment on places needs just those."""
    pairs = [
        {"essay_a": "copy", "essay_b": "student_1"},
        {"essay_a": "copy", "essay_b": "student_2"},
    ]
    batch = created(api, pairs=pairs)
    assert "about their places alone" in warning_of(batch)
    assert work(batch.pk).completed == 2


def test_one_text_alone_is_nothing_to_compare(api: APIClient) -> None:
    batch = work(created(api, essays=[essay(1), COPY]).pk)
    assert (batch.status, batch.stop_reason) == ("COMPLETED", "insufficient_essays")
    assert batch.submitted == 0
    rows = api.get(f"{URL}/{batch.pk}/results").json()["results"]
    assert [row["rank"] for row in rows] == [None, None]
    page = api.get(f"{URL}/{batch.pk}/report").content.decode()
    assert "Nothing was judged, so there are no scores" in page


def test_texts_that_differ_by_a_letter_are_two(api: APIClient) -> None:
    near = COPY | {"text": COPY["text"] + "x"}
    assert warning_of(created(api, essays=[*ESSAYS[:5], near])) == ""
