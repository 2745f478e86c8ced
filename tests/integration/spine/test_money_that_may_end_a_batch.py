"""A money cap that ends a batch early: its essays are connected before that, or without ranks."""

from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest

from assessment.eng5.documents import run_document
from assessment.lifecycle.creating.rehearsals import forecast, setting_for
from assessment.lifecycle.creating.specs import JudgeSpec
from assessment.lifecycle.waves import prices as wave_prices
from assessment.lifecycle.waves.prices import Pricing
from assessment.models import GradeProjection
from assessment.modes import LLMBatchingMode
from assessment.pairing.waves import NO_BLOCK, WavePlan
from assessment.reports.csv_exports import results_csv
from assessment.reports.rendering import render_report
from llmprovider.contracts import Document
from tests.integration.assessment.essays import batch, spec
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.spine import driving

pytestmark = pytest.mark.django_db
PRICED = ({"provider": "openai", "model": "gpt-4o"},)


def capped(cap: str, **changes):
    overrides = {"money_cap_usd": cap, **changes.pop("overrides", {})}
    return batch(24, 6, judges=PRICED, max_comparisons_override=300, overrides=overrides, **changes)


@pytest.fixture(autouse=True)
def _billed(monkeypatch) -> judges.ScriptedJudge:
    """Answers as long as they are likely to be, of the length of their call."""

    def step(request):
        items = judges.asked(request)
        usage = judges.USAGE.model_copy(
            update={"input": len(request.user) // 4 + 500, "output": 60 * len(items)}
        )
        return judges.response(map(judges.entry, items), usage=usage)

    return judges.put_in(monkeypatch, step, provider="openai")


@pytest.mark.parametrize("cap", ["0.05", "0.07"])
def test_all_essays_are_connected_before_the_money_ends(cap):
    """P-43: blocks that share no essay were paid for, and what came out were pieces."""
    one = capped(cap)
    told = next(warning for warning in one.warnings if warning["code"] == "money_cap_short")
    expected = int(told["message"].split("about ")[1].split()[0])
    one = driving.run(one)
    assert (one.status, one.stop_reason) == ("COMPLETED", "cost_cap")
    assert one.result["measurement"]["components"] == 1
    graded = GradeProjection.objects.filter(essay__batch=one, essay__role="student")
    assert graded.filter(grade__isnull=False, rank__isnull=False).count() == 24
    assert 0.6 * expected <= one.completed <= 1.6 * expected


def test_a_forecast_needs_a_cap():
    asked = spec(24, 6, judges=PRICED)
    assert forecast(asked, asked.judges, LLMBatchingMode.SERIAL_BUNDLE) is None
    overrides = asked.batch_config_overrides.model_copy(update={"money_cap_usd": Decimal(50)})
    rich = asked.model_copy(update={"batch_config_overrides": overrides})
    money = forecast(rich, rich.judges, LLMBatchingMode.SERIAL_BUNDLE)
    assert money.comparisons == 435  # all pairs of 30


def test_many_pairs_are_priced_by_some_of_them(monkeypatch):
    """Half of the judges cost a hundred times as much: a sample must hold its share of both."""
    dear = JudgeSpec(provider="openai", model="gpt-4o")
    cheap = JudgeSpec(provider="openai", model="gpt-4.1-nano")
    asked = spec(60, judges=(dear, cheap), max_comparisons_override=1200)
    mode = LLMBatchingMode.PROVIDER_BATCH_API
    setting = setting_for(asked, asked.judges, mode, None)
    documents = [Document(id=essay.name, text=essay.text) for essay in asked.ordered_essays()]
    plan = WavePlan(
        "coverage",
        np.array(list(combinations(range(60), 2))[:1200]),
        np.full(1200, NO_BLOCK, dtype=np.int64),
    )
    pricing = Pricing(documents, setting, seed=3, number=1)
    some = pricing(plan)
    monkeypatch.setattr(wave_prices, "MOST_PRICED", 1200)
    whole = pricing(plan)
    assert some != whole
    assert float(some.likely) == pytest.approx(float(whole.likely), rel=0.1)
    assert float(some.at_most) == pytest.approx(float(whole.at_most), rel=0.1)


GROUPS = (("student_000", "student_001"), ("student_001", "student_002"))
GROUPS += (("student_003", "student_004"), ("anchor_000", "anchor_001"))
GROUPS += (("student_000", "anchor_000"),)


def test_groups_that_never_met_have_no_ranks_and_no_common_picture():
    """DESIGN, section 8: never silently put on one scale."""
    one = driving.run(batch(5, 2, pairs=GROUPS, judges=PRICED))
    assert one.result["measurement"]["components"] == 2
    assert not GradeProjection.objects.filter(essay__batch=one, rank__isnull=False).exists()
    document = run_document(one)
    assert all(result["rank"] is None for result in document["results"])
    assert [row.split(",")[2] for row in results_csv(document).splitlines()[1:]] == [""] * 7
    page = render_report(document)
    assert "2 groups of essays that never met (5, 2 essays)" in page
    assert "Group 1 of 2: 5 essays" in page and "Group 2 of 2: 2 essays" in page
    assert 'class="boundary"' not in page and '<th scope="col" class="n">Rank</th>' not in page


def test_an_essay_that_was_never_compared_takes_no_rank_from_the_others():
    one = driving.run(batch(4, pairs=GROUPS[:2], judges=PRICED))
    ranks = {
        row.essay.name: row.rank
        for row in GradeProjection.objects.filter(essay__batch=one).select_related("essay")
    }
    assert ranks.pop("student_003") is None
    assert sorted(ranks.values()) == [1, 2, 3]
    document = run_document(one)
    names = [result["essay"] for result in document["results"]]
    assert names[3] == "student_003"  # behind those that have a place
    page = render_report(document)
    assert "never met" not in page.split('id="students"')[0].split('id="ranking"')[1]
    assert "essays 1 to 3 of 3" in page


def test_what_was_foreseen_and_came_true_is_told_once():
    one = batch(5, 2, pairs=GROUPS, judges=PRICED)
    foreseen = [warning["code"] for warning in one.warnings]
    assert "disconnected_graph" in foreseen
    codes = [warning["code"] for warning in driving.run(one).warnings]
    assert codes.count("disconnected_graph") == 1
