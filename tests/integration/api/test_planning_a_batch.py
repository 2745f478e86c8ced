"""POST /api/v1/batches/plan: what a batch would take and cost, before it is paid for."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from assessment.api import plans
from assessment.models import Anchor, Assignment, Batch, Essay
from llmprovider.models import ProviderCall
from tests.integration.api.batches import SCALE, SECRET, anchor, essay, request, work
from tests.integration.api.messages import take_messages
from tests.integration.eng5.runner import eng5_here

URL = "/api/v1/batches/plan"
HAIKU = {"provider": "anthropic", "model": "claude-haiku-4-5"}
ESSAYS = [anchor(1), anchor(4), *(essay(number) for number in range(8))]

pytestmark = pytest.mark.django_db


def plan(api: APIClient, **changes: Any) -> Any:
    answer = api.post(URL, request(**{"essays": ESSAYS, **changes}), format="json")
    assert answer.status_code == 200, answer.data
    return answer.json()


def test_it_stores_and_sends_nothing(api: APIClient) -> None:
    told = plan(api)
    for model in (Batch, Essay, Anchor, Assignment, ProviderCall):
        assert not model.objects.exists()
    assert take_messages() == []
    assert SECRET not in str(told)


@pytest.mark.django_db(transaction=True)
def test_its_figures_are_those_of_the_command_line(
    api: APIClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same essays, judge, budget, cap and seed; a key is needed for neither."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    folders: dict[str, Path] = {}
    for one in ESSAYS:
        role = one.get("role", "student")
        folders[role] = tmp_path / f"{role}s"
        folders[role].mkdir(exist_ok=True)
        grade = f"_{one['known_grade']}" if "known_grade" in one else ""
        (folders[role] / f"{one['name']}{grade}.txt").write_text(one["text"])
    for name in ("task", "rubric"):
        (tmp_path / f"{name}.txt").write_text(request()[name])
    printed = eng5_here(
        capsys,
        *("plan", "--students", folders["student"], "--anchors", folders["anchor"]),
        *("--grade-scale", ",".join(SCALE), "--judge", "anthropic:claude-haiku-4-5"),
        *("--task", tmp_path / "task.txt", "--rubric", tmp_path / "rubric.txt"),
        *("--max-comparisons", "30", "--money-cap", "0.01", "--seed", "7", "--json"),
    ).succeeded()
    told = plan(
        api,
        judges=[HAIKU],
        max_comparisons_override=30,
        batch_config_overrides={"seed": 7, "money_cap_usd": "0.01"},
    )
    assert told == printed.json
    assert told["plan"]["cost_likely_usd"] > 0
    assert [mode["llm_batching_mode"] for mode in told["plan"]["modes"]].count("per_request") == 1


def test_a_batch_stays_within_its_plan(api: APIClient) -> None:
    planned = plan(api, max_comparisons_override=30)["plan"]
    asked = request(essays=ESSAYS, max_comparisons_override=30)
    batch = work(api.post("/api/v1/batches", asked, format="json").json()["id"])
    assert batch.completion_denominator == planned["max_comparisons"] == 30
    assert batch.waves.get(number=1).size == planned["first_wave"]
    assert ProviderCall.objects.count() <= planned["max_provider_calls"]


def test_it_tells_every_field_that_the_description_names(api: APIClient) -> None:
    shape = plans.RunPlanTold().fields
    told = plan(api)["plan"]
    assert set(told) == set(shape)
    assert set(told["modes"][0]) == set(plans.ModePlanTold().fields)


def test_the_callers_own_pairs_are_planned(api: APIClient) -> None:
    pairs = [{"essay_a": "student_0", "essay_b": "student_1"}] * 3
    told = plan(api, pairs=pairs)["plan"]
    assert told["planned_comparisons"] == told["max_comparisons"] == 3
    assert told["pairing_strategy"] == "specified"


def test_it_warns_of_what_is_certain_beforehand(api: APIClient) -> None:
    copy = essay(9, name="copy", text=essay(1)["text"])
    told = plan(api, essays=[*ESSAYS, copy], max_comparisons_override=5)
    warnings = {warning["code"]: warning["message"] for warning in told["warnings"]}
    assert "student_1" in warnings["same_text"] and "copy" in warnings["same_text"]
    assert "disconnected_graph" in warnings


def test_a_large_batch_is_planned_in_its_own_mode_alone(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "MOST_IN_EVERY_MODE", 20)
    assert len(plan(api, max_comparisons_override=20)["plan"]["modes"]) > 1
    assert len(plan(api, max_comparisons_override=21)["plan"]["modes"]) == 1


def test_a_plan_that_would_keep_the_server_busy_is_refused(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "MOST_PLANNED", 20)
    asked = request(essays=ESSAYS, max_comparisons_override=21)
    answer = api.post(URL, asked, format="json")
    assert answer.status_code == 400
    assert "at most, and these are 21" in answer.data["max_comparisons_override"][0]
