"""Pairs named by the caller are judged as given: no other, in that order, that often."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.creating.specs import BatchRefused
from assessment.models import Batch
from tests.integration.assessment.essays import batch, spec
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.llmprovider.comparisons import set_queue
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db

MODES = ["per_request", "serial_bundle", "provider_batch_api"]
LOW, MID, HIGH, TOP = (f"student_{number:03d}" for number in range(4))
BOUNDARY = ((HIGH, LOW), (LOW, HIGH), (HIGH, LOW), (TOP, MID), (HIGH, LOW))


def specified(pairs: tuple[tuple[str, str], ...] = BOUNDARY, **changes: Any) -> Batch:
    return batch(4, pairs=pairs, **changes)


def shown(one: Batch) -> list[tuple[str, str]]:
    return list(one.pairs.order_by("id").values_list("essay_a__name", "essay_b__name"))


@pytest.mark.parametrize("mode", MODES)
def test_it_judges_the_list_as_given(mode):
    """P-40: repeats and both orders are the caller's wish, and nothing is added."""
    one = driving.run(specified(overrides={"llm_batching_mode_override": mode}))
    assert (one.status, one.stop_reason) == ("COMPLETED", "coverage_complete")
    assert shown(one) == list(BOUNDARY)
    assert list(one.pairs.order_by("id").values_list("repeat", flat=True)) == [1, 1, 2, 1, 3]
    assert (one.completion_denominator, one.submitted, one.completed) == (5, 5, 5)
    assert [wave.kind for wave in one.waves.all()] == ["specified"]
    assert driving.counters(one) == driving.counted(one)


def test_it_goes_through_a_long_list_in_waves_of_what_may_be_in_flight(monkeypatch):
    """P-01: the order of the list is the order of the waves."""
    driving.set_assessment(monkeypatch, MAX_CONCURRENT_COMPARISONS=2)
    one = driving.run(specified())
    assert list(one.waves.values_list("size", "kind")) == [
        (2, "specified"),
        (2, "specified"),
        (1, "specified"),
    ]
    assert shown(one) == list(BOUNDARY)


def test_the_single_wave_of_a_batch_job_holds_the_whole_list(monkeypatch):
    driving.set_assessment(monkeypatch, MAX_CONCURRENT_COMPARISONS=2)
    one = driving.run(specified(overrides={"llm_batching_mode_override": "provider_batch_api"}))
    assert [wave.size for wave in one.waves.all()] == [5]


def test_the_budget_cuts_the_list():
    one = driving.run(specified(max_comparisons_override=3))
    assert (one.status, one.stop_reason) == ("COMPLETED", "budget_exhausted")
    assert shown(one) == list(BOUNDARY[:3])
    assert one.completion_denominator == 3


def test_it_goes_on_from_the_rows_after_every_kill(monkeypatch):
    """P-23: each step worked twice leaves each comparison of the list once."""
    driving.set_assessment(monkeypatch, MAX_CONCURRENT_COMPARISONS=2)
    one = driving.started(driving.started(specified()))
    for _ in range(3):
        driving.answered(driving.answered(one))
        driving.weigh(one)
        driving.weigh(one)
    assert shown(driving.run(Batch.objects.get(pk=one.pk))) == list(BOUNDARY)


def test_a_failed_comparison_is_asked_again_on_its_own_row(monkeypatch):
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    judges.put_in(monkeypatch, judges.without(1), judges.well)
    one = driving.run(specified())
    assert (one.status, one.completed, one.failed) == ("COMPLETED", 5, 0)
    assert shown(one) == list(BOUNDARY)
    assert sorted(one.pairs.values_list("attempts", flat=True)) == [1, 1, 1, 1, 2]


def test_two_anchors_may_be_compared_by_name():
    one = driving.run(batch(1, 3, pairs=(("anchor_002", "anchor_000"),) * 4))
    assert (one.status, one.submitted) == ("COMPLETED", 4)
    assert set(shown(one)) == {("anchor_002", "anchor_000")}


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"pairs": ((LOW, "nobody"),)}, "pairs", "pair 1: there is no essay 'nobody'"),
        ({"pairs": ((LOW, MID), (LOW, LOW))}, "pairs", "pair 2: .* paired with itself"),
        ({"pairs": ()}, "pairs", "empty"),
        ({"overrides": {"judgements_per_pair": 2}}, "judgements_per_pair", "repeat a pair"),
        ({"overrides": {"pairing_strategy": "blocks"}}, "pairing_strategy", "pairs are given"),
    ],
)
def test_it_refuses_a_list_that_cannot_be_judged_as_given(changes, field, message):
    with pytest.raises(BatchRefused, match=message) as refused:
        create_batch(spec(4, **{"pairs": BOUNDARY, **changes}))
    assert refused.value.field == field
    assert not Batch.objects.exists()


def test_it_refuses_two_anchors_that_may_not_meet():
    with pytest.raises(BatchRefused, match="pair 2 is of two anchors"):
        create_batch(
            spec(
                2,
                2,
                pairs=((LOW, "anchor_000"), ("anchor_001", "anchor_000")),
                overrides={"compare_anchors": False},
            )
        )


def test_it_judges_the_whole_list_although_scores_have_settled(monkeypatch):
    """P-14: 60 comparisons of four essays are settled long before the end of the list."""
    driving.set_assessment(monkeypatch, MAX_CONCURRENT_COMPARISONS=12)
    names = (LOW, MID, HIGH, TOP)
    every = tuple((a, b) for a in names for b in names if a != b) * 5
    one = driving.run(specified(every, slope=1.5))
    assert (one.completed, one.stop_reason) == (60, "coverage_complete")


def test_a_list_of_fewer_answers_than_asked_is_no_complete_list(monkeypatch):
    """P-14: two of twelve never get a verdict, and the ten that do are more than all six pairs."""
    set_queue(monkeypatch, QUEUE_MAX_ATTEMPTS=1)
    driving.set_assessment(monkeypatch, MAX_RETRY_ATTEMPTS=0)
    judges.put_in(monkeypatch, judges.without(3, 7))
    names = (LOW, MID, HIGH, TOP)
    every = tuple((a, b) for a in names for b in names if a != b)
    one = driving.run(specified(every))
    assert (one.completed, one.failed, one.stop_reason) == (10, 2, "pairs_exhausted")


def posted(pairs: object) -> Any:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("teacher"))
    return client.post(
        "/api/v1/batches",
        {
            "assignment": "schools",
            "grade_scale": ["F", "E", "D"],
            "essays": [{"name": name, "text": f"{name} says so."} for name in ("Ann", "Bo", "Cay")],
            "judges": [{"provider": "mock", "model": "latent-quality"}],
            "pairs": pairs,
        },
        format="json",
    )


def test_the_api_takes_a_list():
    answer = posted(
        [
            {"essay_a": "Cay", "essay_b": "Ann"},
            {"essay_a": "Ann", "essay_b": "Cay"},
            {"essay_a": "Cay", "essay_b": "Ann"},
        ]
    )
    assert answer.status_code == 201, answer.data
    assert answer.data["completion_denominator"] == 3
    one = driving.run(Batch.objects.get())
    assert shown(one) == [("Cay", "Ann"), ("Ann", "Cay"), ("Cay", "Ann")]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([{"essay_a": "Ann", "essay_b": "Dan"}], "there is no essay 'Dan'"),
        ([{"essay_a": "Ann"}], "essay_b"),
        ([{"essay_a": "Ann", "essay_b": "Bo", "times": 3}], "times"),
        ([], "empty"),
    ],
)
def test_the_api_says_what_is_wrong_with_a_list(pairs, message):
    answer = posted(pairs)
    assert answer.status_code == 400
    assert list(answer.data) == ["pairs"] and message in str(answer.data["pairs"])
    assert not Batch.objects.exists()


def test_the_api_chooses_pairs_where_none_are_listed():
    assert posted(None).status_code == 201
    assert Batch.objects.get().specified_pairs is None
