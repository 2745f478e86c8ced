"""A money cap under which no call fits: said before, and said as the cause afterwards."""

import pytest

from llmprovider.models import ProviderCall
from tests.integration.assessment.essays import batch
from tests.integration.eng5.conftest import MOCK
from tests.integration.eng5.runner import eng5_here
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db(transaction=True)
PRICED = ("--judge", "openai:gpt-4o", "--llm-batching-mode", "per_request")
JUDGES = ({"provider": "openai", "model": "gpt-4o"},)


@pytest.fixture(autouse=True)
def _a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")


@pytest.mark.parametrize(("cap", "warned"), [("0.0001", True), ("1.00", False)])
def test_a_plan_warns_of_it(cap, warned, essays, capsys) -> None:
    told = eng5_here(capsys, "plan", *essays, *PRICED, "--money-cap", cap).succeeded().out
    assert ("Warning: Nothing will be judged: the money cap of $0.0001" in told) is warned
    assert ("the cheapest may cost up to $" in told) is warned


@pytest.mark.parametrize("mode", ["per_request", "serial_bundle"])
def test_the_batch_fails_with_the_cap_as_its_reason(mode, monkeypatch) -> None:
    """P-10, P-14."""
    judges.put_in(monkeypatch, provider="openai")
    overrides = {"llm_batching_mode_override": mode, "money_cap_usd": "0.0001"}
    one = driving.run(batch(6, judges=JUDGES, overrides=overrides))
    assert (one.status, one.stop_reason) == ("FAILED", "cost_cap")
    assert one.failure.startswith("the money cap of $0.0001 lets no call be made")
    assert not ProviderCall.objects.exists()


def test_executing_shows_its_own_mode_and_leaves_the_others_to_plan(
    essays, tmp_path, capsys
) -> None:
    options = [*essays, *MOCK, "--max-comparisons", "10"]
    told = eng5_here(capsys, "execute", *options, "--output", tmp_path / "run").succeeded().err
    assert "serial_bundle" in told and "cost" in told
    assert "Each mode" not in told and "per_request" not in told
    assert "Each mode" in eng5_here(capsys, "plan", *options).succeeded().out
