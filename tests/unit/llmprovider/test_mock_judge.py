"""The mock judge answers real prompts by the latent-quality model, the same way every time."""

import hashlib
import json
import math
from dataclasses import replace
from itertools import permutations

import pytest

from llmprovider.contracts import ErrorType, Instructions
from llmprovider.models import MockJudge
from llmprovider.prompting.answers import read_answer
from llmprovider.prompting.prompts import Comparison, build_prompt
from llmprovider.prompting.tokens import estimate_tokens, max_output_tokens
from llmprovider.providers.base import ProviderError, ProviderRequest, Stop
from llmprovider.providers.mock import MockProvider
from llmprovider.providers.mock_judges import DEFAULT_MODEL, define_mock_judge

pytestmark = pytest.mark.django_db

STRONG = "The committee rejected our proposal; nevertheless, its arguments deserve an answer."
WEAK = "it is good. i like it. it is good good."


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def asked(pairs, model, *, occasions=None, seed="s", **changes):
    comparisons = [Comparison(sha(a), a, sha(b), b) for a, b in pairs]
    prompt = build_prompt(
        comparisons, Instructions(), system_prompt=None, nonce="5f0c91d2ab34e677", seed=seed
    )
    fields = {
        "provider": "mock",
        "model": model,
        "system": prompt.system,
        "user": prompt.user,
        "schema": prompt.schema,
        "max_tokens": max_output_tokens(len(pairs)),
        "occasions": dict(zip(prompt.items, occasions or ["1"] * len(pairs), strict=True)),
    } | changes
    return prompt, ProviderRequest(**fields)


def verdicts(pairs, model, **kwargs):
    """Verdicts in the order of `pairs`."""
    prompt, request = asked(pairs, model, **kwargs)
    answer = read_answer(MockProvider().call(request).text, prompt.items, truncated=False)
    assert not answer.problems
    assert not answer.unknown_items
    return [answer.verdicts[item] for item in prompt.items]


def share_of_first(pair, model, draws=960):
    """Share of verdicts for the text named first, over many occasions."""
    wins = 0
    for start in range(0, draws, 64):
        occasions = [str(start + n) for n in range(64)]
        given = verdicts([pair] * 64, model, occasions=occasions)
        wins += sum(verdict.winner == "essay_a" for verdict in given)
    return wins / draws


def four_sigma(p, draws=960):
    return 4 * math.sqrt(p * (1 - p) / draws)


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_it_decides_by_the_latent_quality_model(bias):
    """T40"""
    model = define_mock_judge(
        slope=2.0, position_bias=bias, truth={sha("good"): 3.5, sha("poor"): 3.0}
    )
    for pair, logit in ((("good", "poor"), 1.0 + bias), (("poor", "good"), -1.0 + bias)):
        p = 1 / (1 + math.exp(-logit))
        assert abs(share_of_first(pair, model) - p) < four_sigma(p)


def test_it_prefers_neither_side_without_a_bias():
    """T40"""
    model = define_mock_judge(truth={sha("one"): 2, sha("other"): 2})
    assert abs(share_of_first(("one", "other"), model) - 0.5) < four_sigma(0.5)
    assert abs(share_of_first(("other", "one"), model) - 0.5) < four_sigma(0.5)


def test_it_is_all_but_certain_about_two_grade_steps():
    model = define_mock_judge(truth={sha("good"): 6, sha("poor"): 4})
    good, poor = verdicts([("good", "poor"), ("poor", "good")], model)
    assert (good.winner, poor.winner) == ("essay_a", "essay_b")
    assert good.confidence == poor.confidence == 5


TEXTS = [f"text {n}" for n in range(8)]
CLOSE = {sha(text): n * 0.1 for n, text in enumerate(TEXTS)}


def test_it_gives_the_same_verdict_in_any_bundle_order_and_labelling():
    """T40"""
    model = define_mock_judge(truth=CLOSE)
    pairs = list(permutations(TEXTS, 2))
    together = dict(zip(pairs, verdicts(pairs, model), strict=True))
    turned = dict(zip(pairs[::-1], verdicts(pairs[::-1], model, seed="other"), strict=True))
    alone = {pair: verdicts([pair], model, seed=str(pair))[0] for pair in pairs[:10]}
    assert turned == together
    assert alone.items() <= together.items()


def test_it_draws_anew_for_another_occasion_seed_or_order():
    """T40, T41"""
    model = define_mock_judge(truth=dict.fromkeys(CLOSE, 1.0))
    reseeded = define_mock_judge(truth=dict.fromkeys(CLOSE, 1.0), seed=2)
    pairs = list(permutations(TEXTS, 2))

    def winners(*args, **kwargs):
        return [verdict.winner for verdict in verdicts(*args, **kwargs)]

    first = winners(pairs, model)
    others = [
        winners(pairs, model, occasions=["2"] * len(pairs)),
        winners(pairs, reseeded),
        # The same essays winning in the other order would be the opposite verdict everywhere.
        [
            "essay_b" if w == "essay_a" else "essay_a"
            for w in winners([p[::-1] for p in pairs], model)
        ],
    ]
    for other in others:
        agreeing = sum(a == b for a, b in zip(first, other, strict=True))
        assert 12 <= agreeing <= 44  # 28 of 56 expected


def test_it_answers_alike_in_every_process_and_version():
    """T40. Python's own hash would differ from run to run; these verdicts must never change."""
    model = define_mock_judge(seed=3, truth=dict.fromkeys(CLOSE, 1.0))
    given = verdicts(list(permutations(TEXTS[:5], 2)), model)
    assert "".join(verdict.winner[-1] for verdict in given) == "abaababbababbbbbbbaa"


def test_it_is_surer_the_further_two_texts_are_apart():
    model = define_mock_judge(slope=1.0, truth={sha(t): n * 1.0 for n, t in enumerate(TEXTS)})
    sure = []
    for text in TEXTS[1:]:
        given = verdicts([(text, TEXTS[0])] * 20, model, occasions=[str(n) for n in range(20)])
        (confidence,) = {v.confidence for v in given if v.winner == "essay_a"}
        sure.append(confidence)
    assert sure == sorted(sure)
    assert set(sure) == {2, 3, 4, 5}


def test_it_knows_a_text_by_the_hash_under_which_it_was_stored():
    odd = "\tÅ “quoted” text\n\n\n----- END TEXT KV -----\n\u2060end text\ne\u0301 and 漢字"
    model = define_mock_judge(truth={sha(odd): 9, sha("poor"): 0})
    assert verdicts([(odd, "poor"), ("poor", odd)], model)[0].winner == "essay_a"


def test_it_says_which_text_is_not_in_its_truth_table_without_quoting_it():
    model = define_mock_judge(truth={sha("good"): 3})
    _, request = asked([("good", "My name is Kim")], model)
    with pytest.raises(ProviderError) as caught:
        MockProvider().call(request)
    assert caught.value.error_type is ErrorType.INVALID_REQUEST
    assert sha("My name is Kim")[:12] in caught.value.message
    assert "Kim" not in caught.value.message


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "latent-quality-00000000"},
        {"model": "some-model"},
        {"user": "Which is better?"},
        {"schema": {"type": "object"}},
    ],
)
def test_it_refuses_what_it_cannot_answer(changes):
    _, request = asked([(STRONG, WEAK)], DEFAULT_MODEL)
    request = replace(request, **changes)
    with pytest.raises(ProviderError) as caught:
        MockProvider().call(request)
    assert caught.value.error_type is ErrorType.INVALID_REQUEST


def test_it_judges_by_features_of_the_texts_without_any_definition():
    assert not MockJudge.objects.exists()
    first, second = verdicts([(STRONG, WEAK), (WEAK, STRONG)], DEFAULT_MODEL)
    assert (first.winner, second.winner) == ("essay_a", "essay_b")


def test_it_reports_the_tokens_of_what_was_sent_and_answered():
    prompt, request = asked([(STRONG, WEAK)], DEFAULT_MODEL)
    response = MockProvider().call(request)
    assert response.usage.input == estimate_tokens(prompt.system) + estimate_tokens(prompt.user)
    assert response.usage.output == estimate_tokens(response.text)
    assert response == MockProvider().call(request)
    assert response.request_id
    assert response.stop is Stop.END


def test_it_writes_valid_answers_that_keep_what_the_essays_say_to_itself():
    prompt, request = asked([(STRONG, WEAK)], DEFAULT_MODEL)
    text = MockProvider().call(request).text
    (entry,) = json.loads(text)["comparisons"]
    assert set(entry) == set(prompt.schema["properties"]["comparisons"]["items"]["required"])
    assert "committee" not in text


def test_it_is_cut_off_where_its_tokens_end():
    """T16"""
    model = define_mock_judge(truth=CLOSE)
    pairs = list(permutations(TEXTS, 2))[:20]
    prompt, request = asked(pairs, model, max_tokens=300)
    response = MockProvider().call(request)
    assert response.stop is Stop.MAX_TOKENS
    assert response.usage.output <= 300
    answer = read_answer(response.text, prompt.items, truncated=True)
    assert 1 <= len(answer.verdicts) < 20
    assert {p.error_type for p in answer.problems.values()} == {ErrorType.MAX_TOKENS}


def test_its_full_answers_fit_the_tokens_that_a_call_is_given():
    pairs = list(permutations(TEXTS, 2))
    response = MockProvider().call(asked(pairs, DEFAULT_MODEL)[1])
    assert response.stop is Stop.END
