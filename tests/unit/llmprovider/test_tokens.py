"""The upper estimate is no less than what public tokenizers count; others may count more."""

import json
from pathlib import Path

import pytest

from llmprovider.contracts import MAX_BUNDLE_SIZE, MAX_JUSTIFICATION_CHARS
from llmprovider.prompting.tokens import (
    LIKELY,
    estimate_tokens,
    expected_output_tokens,
    input_tokens,
    max_output_tokens,
)

# Text, and the highest count among three public tokenizers for five copies of it.
COUNTED = [
    (
        "Jag tycker att skolan borde börja senare på morgonen eftersom många elever är trötta. "
        "Forskning visar att ungdomar behöver åtta till nio timmars sömn varje natt, men få får så "
        "mycket. ",
        332,
    ),
    (
        "Die Schüler müssen früh aufstehen, obwohl die Wissenschaft längst gezeigt hat, dass "
        "Jugendliche später müde werden. Außerdem wäre es für die Lehrkräfte angenehmer. ",
        286,
    ),
    (
        "我认为学校应该晚一点开始上课,因为很多学生早上很累。研究表明青少年需要更多的睡眠,但是他们常常睡得太晚。",
        330,
    ),
    (
        "أعتقد أن المدرسة يجب أن تبدأ متأخرة لأن كثيرا من الطلاب متعبون في الصباح. تظهر الأبحاث أن "
        "المراهقين يحتاجون إلى مزيد من النوم.",
        585,
    ),
]


@pytest.mark.parametrize(("text", "counted"), COUNTED)
def test_it_does_not_underestimate_other_languages(text, counted):
    assert counted <= estimate_tokens(text * 5) <= 2 * counted


# The sample essays by four public vocabularies: o200k, cl100k, Claude 2, DeepSeek.
SAMPLES_COUNTED = (6542, 6608, 6923, 6604)


def test_the_likely_estimate_is_in_the_middle_and_the_upper_one_above():
    samples = Path(__file__).resolve().parents[3] / "samples"
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted([*samples.glob("students/*.txt"), *samples.glob("anchors/*.txt")])
    ]
    likely, upper = (sum(map(rate, texts)) for rate in (LIKELY.tokens, estimate_tokens))
    # Recent vocabularies count up to a third more than the oldest of these.
    low, high = min(SAMPLES_COUNTED), max(SAMPLES_COUNTED) * 4 / 3
    assert low < likely < high < upper


def test_it_counts_nothing_for_nothing_and_something_for_anything():
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("\ud800") == 1


def test_it_leaves_room_for_the_longest_answer_allowed():
    """T27"""
    wordy = "Många elever är trötta. " * 30
    entry = {
        "item": "c64",
        "winner": "second",
        "confidence": 5,
        "justification": wordy[:MAX_JUSTIFICATION_CHARS],
    }
    answer = json.dumps({"comparisons": [entry] * MAX_BUNDLE_SIZE}, ensure_ascii=False)
    assert estimate_tokens(answer) <= max_output_tokens(MAX_BUNDLE_SIZE)
    assert expected_output_tokens(64) < max_output_tokens(64)


def test_it_counts_a_call_by_its_texts_and_comparisons():
    small = input_tokens(500, 3_000, 4, 6)
    assert small > 3_500
    assert input_tokens(500, 4_000, 5, 6) > small + 1_000
    assert input_tokens(500, 3_000, 4, 7) > small
