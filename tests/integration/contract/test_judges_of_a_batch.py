"""Which judges a batch may have, as the assessment asks the judge service."""

from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from assessment.eng5.documents import run_document
from assessment.lifecycle.creating.creation import create_batch
from assessment.lifecycle.creating.resolutions import resolve_judges
from assessment.lifecycle.creating.specs import BatchRefused, JudgeSpec, LLMConfigOverrides
from assessment.models import Batch
from assessment.reports.rendering import render_report
from llmprovider.models import Bundle, ProviderCall
from tests.integration.assessment.essays import batch, spec
from tests.integration.llmprovider import scripted_judges as judges
from tests.integration.spine import driving

ANTHROPIC = JudgeSpec(provider="anthropic", model="claude-haiku-4-5")
OPENAI = JudgeSpec(provider="openai", model="gpt-5.5-pro")
MOCK = JudgeSpec(provider="mock", model="latent-quality")


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-a-key")
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")


def asking(*named: JudgeSpec, **changes):
    return spec(4, judges=named, **changes)


def refusal(asked) -> BatchRefused:
    with pytest.raises(BatchRefused) as refused:
        resolve_judges(asked)
    return refused.value


@pytest.mark.django_db
def test_no_judge_is_taken_for_granted():
    refused = refusal(asking())
    assert (refused.field, "no judge is named" in refused.problem) == ("judges", True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("named", "words"),
    [
        (JudgeSpec(provider="nobody", model="x"), "unknown provider 'nobody'"),
        (JudgeSpec(provider="anthropic"), "no model named"),
        (JudgeSpec(provider="openai"), "no model named"),
        (JudgeSpec(provider="openai", model="claude-sonnet-4-5"), "claude-sonnet-4-5"),
        (JudgeSpec(provider="openai", model="text-embedding-3-small"), "text-embedding-3-small"),
    ],
)
def test_what_cannot_judge_is_refused_before_anything_is_stored(keys, named, words):
    """T33"""
    refused = refusal(asking(MOCK, named))
    assert refused.field == "judges"
    assert words in refused.problem
    with pytest.raises(BatchRefused):
        create_batch(asking(named))
    assert not Batch.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("named", "variable"), [(ANTHROPIC, "ANTHROPIC_API_KEY"), (OPENAI, "OPENAI_API_KEY")]
)
def test_a_judge_without_its_key_is_refused_by_the_name_of_the_variable(
    keys, monkeypatch, named, variable
):
    monkeypatch.delenv(variable)
    assert variable in refusal(asking(named)).problem


@pytest.mark.django_db
def test_one_judge_is_not_two():
    assert "twice" in refusal(asking(MOCK, MOCK)).problem
    unnamed = JudgeSpec(provider="mock")
    assert "twice" in refusal(asking(MOCK, unnamed)).problem


@pytest.mark.django_db
def test_a_money_cap_needs_a_price(keys):
    unpriced = JudgeSpec(provider="openai", model="gpt-of-tomorrow")
    refused = refusal(asking(unpriced, overrides={"money_cap_usd": Decimal(1)}))
    assert refused.field == "money_cap_usd"
    assert resolve_judges(asking(unpriced)) == [unpriced]


@pytest.mark.django_db
def test_a_parameter_that_one_of_the_judges_does_not_take_is_refused(keys):
    """T33, T28: never dropped in silence."""
    asked = asking(OPENAI, ANTHROPIC, llm_config_overrides=LLMConfigOverrides(temperature=0.0))
    refused = refusal(asked)
    assert refused.field == "temperature"


@pytest.mark.django_db
def test_a_mock_judge_nobody_defined_is_refused():
    with pytest.raises(BatchRefused, match="no mock judge is called"):
        create_batch(asking(JudgeSpec(provider="mock", model="of-another-database")))


@pytest.fixture
def judged_by_two(keys, monkeypatch, db):
    """A finished batch of two real providers' names, and what each was asked."""
    first = judges.put_in(monkeypatch, provider="anthropic")
    second = judges.put_in(
        monkeypatch,
        lambda request: judges.response(
            judges.entry(item, "second", 2) for item in judges.asked(request)
        ),
        provider="openai",
    )
    one = driving.run(batch(16, anchors=2, judges=(ANTHROPIC, OPENAI)))
    return one, {"anthropic": first, "openai": second}


def test_pairs_are_dealt_evenly_and_bundled_by_judge(judged_by_two):
    one, asked = judged_by_two
    assert one.status == Batch.Status.COMPLETED, one.failure
    per_wave = defaultdict(Counter)
    for number, provider in one.pairs.values_list("wave__number", "provider"):
        per_wave[number][provider] += 1
    largest = max(Counter(one.pairs.values_list("wave", "block")).values())
    for shares in per_wave.values():
        assert set(shares) == {"anthropic", "openai"}
        assert abs(shares["anthropic"] - shares["openai"]) <= largest
    for bundle in Bundle.objects.all():
        pairs = {(item.provider, item.model) for item in bundle.items.all()}
        assert pairs == {(bundle.provider, bundle.model)}
    totals = Counter(one.pairs.values_list("provider", flat=True))
    assert {name: sum(judge.sizes) for name, judge in asked.items()} == totals
    calls = Counter(ProviderCall.objects.values_list("provider", flat=True))
    assert calls == {name: len(judge.requests) for name, judge in asked.items()}


def test_each_call_names_the_judge_it_was_meant_for(judged_by_two):
    _, asked = judged_by_two
    for named in (ANTHROPIC, OPENAI):
        requests = asked[named.provider].requests
        assert {(request.provider, request.model) for request in requests} == {
            (named.provider, named.model)
        }


def test_verdicts_are_told_apart_by_their_judge(judged_by_two):
    """Each pair keeps the verdict of the judge it was dealt to."""
    one, _ = judged_by_two
    found = set(one.pairs.values_list("provider", "winner", "confidence"))
    assert found == {("anthropic", "essay_a", 3), ("openai", "essay_b", 2)}


def test_the_report_has_figures_for_each_judge(judged_by_two):
    one, _ = judged_by_two
    document = run_document(one)
    figures = {row["judge"]: row for row in document["measurement"]["judges"]}
    names = {f"{named.provider}:{named.model}" for named in (ANTHROPIC, OPENAI)}
    assert set(figures) == names
    assert sum(row["comparisons"] for row in figures.values()) == one.completed
    shares = {name.split(":")[0]: row["first_share"] for name, row in figures.items()}
    assert shares == {"anthropic": 1.0, "openai": 0.0}
    billed = {row["provider"]: row["calls"] for row in document["cost"]["by_judge"]}
    assert billed == Counter(ProviderCall.objects.values_list("provider", flat=True))
    page = render_report(document)
    for name in names:
        assert name.replace(":", " / ", 1) in page
