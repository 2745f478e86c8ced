"""What is told before anything is sent: what the run cannot give, what is missing, in few words."""

import pytest

from assessment.models import Batch
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.runner import eng5_here

pytestmark = pytest.mark.django_db(transaction=True)
PRICED = ("--judge", "openai:gpt-4o")


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_a_plan_needs_no_key_and_says_that_judging_will(essays, capsys) -> None:
    told = eng5_here(capsys, "plan", *essays, *PRICED, "--json").succeeded().json
    assert told["plan"]["cost_likely_usd"] > 0
    (warning,) = (one for one in told["warnings"] if one["code"] == "no_key")
    assert "provider openai needs a key. Set OPENAI_API_KEY" in warning["message"]
    refused = eng5_here(capsys, "execute", *essays, *PRICED)
    assert refused.code == 2 and "OPENAI_API_KEY" in refused.err
    assert not Batch.objects.exists()


def test_a_plan_still_refuses_a_judge_that_nobody_has(essays, capsys) -> None:
    refused = eng5_here(capsys, "plan", *essays, "--judge", "nobody:m")
    assert refused.code == 2 and "unknown provider" in refused.err


def test_plan_and_execute_say_what_the_run_cannot_give(essays, tmp_path, capsys) -> None:
    asked = [*essays, *MOCK, "--max-comparisons", "5"]
    words = "At most 5 comparisons leave 11 essays in at least 6 groups that never meet"
    assert f"Warning: {words}" in eng5_here(capsys, "plan", *asked).succeeded().out
    ended = eng5_here(capsys, "execute", *asked, "--output", tmp_path / "run").succeeded()
    assert f"Warning: {words}" in ended.err
    assert "groups that never met" in ended.out


def test_a_plan_says_how_far_the_money_goes(essays, capsys) -> None:
    capped = [*essays, *PRICED, "--money-cap", "0.01"]
    told = eng5_here(capsys, "plan", *capped, "--json").succeeded().json
    paid, most = told["plan"]["money_cap_pays_for"], told["plan"]["max_comparisons"]
    assert 0 < paid < most == 55
    out = eng5_here(capsys, "plan", *capped).succeeded().out
    assert f"could exceed it; it pays for about {paid} of {most} comparisons" in out
    assert f"Warning: The money cap of $0.0100 pays for about {paid} of 55 comparisons." in out


def test_one_of_a_thing_is_told_as_one(tmp_path, capsys) -> None:
    options = write_essays(tmp_path / "two", students=1, anchors=1)
    out = eng5_here(capsys, "plan", *options, *MOCK).succeeded().out
    assert "1 student, 1 anchor\n" in out
    assert "at most 1, the first with 1 comparison\n" in out


def test_resuming_what_is_not_there_is_said_to_start_anew(essays, tmp_path, capsys) -> None:
    asked = [*essays, *MOCK, "--max-comparisons", "12", "--output", tmp_path / "run", "--resume"]
    assert (
        "Nothing to resume, so this starts a new run." in eng5_here(capsys, "execute", *asked).err
    )
    assert "Nothing to resume" not in eng5_here(capsys, "execute", *asked).succeeded().err
    assert Batch.objects.count() == 1


def test_a_wrong_option_is_told_in_two_lines(essays, capsys) -> None:
    refused = eng5_here(capsys, "plan", *essays, *MOCK, "--max-comparisons", "1")
    assert refused.code == 2
    wrong, help_ = refused.err.strip().splitlines()
    assert wrong.endswith("argument --max-comparisons: 1 is too small: give at least 2")
    assert help_.endswith("manage.py eng5 plan --help")


def test_help_names_every_provider(capsys) -> None:
    told = eng5_here(capsys, "plan", "--help").succeeded().out
    assert "anthropic, mock, openai, openai_compatible" in " ".join(told.split())
