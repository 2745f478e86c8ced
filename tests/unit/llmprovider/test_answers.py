"""A judge's answer becomes one verdict or one error per comparison, and never a made-up winner."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmprovider.contracts import MAX_JUSTIFICATION_CHARS, ErrorType
from llmprovider.prompting.answers import (
    ANSWERED_TWICE,
    CONFIDENCE_CLAMPED,
    JUSTIFICATION_CUT,
    read_answer,
)
from llmprovider.prompting.prompts import ANSWER_SCHEMA, parse_prompt

ITEMS = ("c1", "c2", "c3")
PAGE = Path(__file__).parents[3] / "docs" / "answers.md"


def entry(item="c1", **changes):
    return {
        "item": item,
        "winner": "first",
        "confidence": 3,
        "justification": "Better argued.",
    } | changes


def answer(*entries):
    return json.dumps({"comparisons": entries})


def read(text, items=ITEMS, truncated=False):
    return read_answer(text, items, truncated=truncated)


def problem_of(*entries, item="c1"):
    result = read(answer(*entries), items=(item,))
    assert not result.verdicts
    return result.problems[item]


def test_it_matches_entries_by_id_in_whatever_order_they_come():
    """T12"""
    result = read(answer(entry("c3", winner="second"), entry("c1"), entry("c2", confidence=5)))
    assert {item: verdict.winner for item, verdict in result.verdicts.items()} == {
        "c1": "essay_a",
        "c2": "essay_a",
        "c3": "essay_b",
    }
    assert result.verdicts["c2"].confidence == 5
    assert not result.problems
    assert result.readable


def test_it_reports_only_the_missing_item():
    """T13, T14"""
    result = read(answer(entry("c1"), entry("c3")))
    assert set(result.verdicts) == {"c1", "c3"}
    assert result.problems["c2"].error_type is ErrorType.INVALID_RESPONSE


def test_it_ignores_and_counts_entries_nobody_asked_for():
    """T13"""
    strangers = [entry("c4"), entry("C1"), entry(" c1"), entry(1), {"winner": "first"}, "c1", None]
    result = read(answer(*strangers, *map(entry, ITEMS)))
    assert set(result.verdicts) == set(ITEMS)
    assert result.unknown_items == len(strangers)


def test_it_keeps_a_verdict_that_was_given_twice():
    """T13"""
    result = read(answer(entry(confidence=4), entry(confidence=2)), items=("c1",))
    verdict = result.verdicts["c1"]
    assert (verdict.winner, verdict.confidence, verdict.flags) == ("essay_a", 4, (ANSWERED_TWICE,))


@pytest.mark.parametrize("second", [entry(winner="second"), entry(winner="tie")])
def test_it_rejects_an_item_whose_entries_do_not_agree(second):
    """T13"""
    assert problem_of(entry(), second).error_type is ErrorType.INVALID_RESPONSE
    assert problem_of(second, entry()).error_type is ErrorType.INVALID_RESPONSE
    assert set(read(answer(entry(), second, entry("c2"))).verdicts) == {"c2"}


def test_it_rejects_an_entry_that_names_one_field_twice():
    """T26"""
    twice = '{"item":"c1","winner":"first","winner":"second","confidence":3,"justification":"x"}'
    result = read('{"comparisons": [' + twice + ", " + json.dumps(entry("c2")) + "]}")
    assert set(result.verdicts) == {"c2"}
    assert "twice" in result.problems["c1"].message


@pytest.mark.parametrize(
    "winner", ["tie", "", "First", "essay_a", "A", None, 1, True, ["first"], {"first": 1}]
)
def test_it_never_makes_up_a_winner(winner):
    """T26"""
    assert problem_of(entry(winner=winner)).error_type is ErrorType.INVALID_RESPONSE


@pytest.mark.parametrize("field", ["winner", "confidence", "justification"])
def test_it_rejects_an_entry_with_a_field_missing(field):
    """T26"""
    incomplete = {name: value for name, value in entry().items() if name != field}
    assert problem_of(incomplete).error_type is ErrorType.INVALID_RESPONSE


@pytest.mark.parametrize("confidence", [True, "3", None, 3.5, [3], float("nan"), float("inf")])
def test_it_rejects_a_confidence_of_the_wrong_type(confidence):
    """T26"""
    assert problem_of(entry(confidence=confidence)).error_type is ErrorType.INVALID_RESPONSE


@pytest.mark.parametrize("justification", [None, 3, ["x"], {}])
def test_it_rejects_a_justification_of_the_wrong_type(justification):
    """T26"""
    assert problem_of(entry(justification=justification)).error_type is ErrorType.INVALID_RESPONSE


@pytest.mark.parametrize("confidence", [1, 2, 3, 4, 5])
def test_it_maps_every_confidence_of_the_scale_to_itself(confidence):
    """T25"""
    verdict = read(answer(entry(confidence=confidence))).verdicts["c1"]
    assert (verdict.confidence, verdict.flags) == (confidence, ())


@pytest.mark.parametrize(
    ("given_confidence", "kept"), [(0, 1), (-7, 1), (6, 5), (100, 5), (10**30, 5), (1e30, 5)]
)
def test_it_clamps_and_flags_a_confidence_off_the_scale(given_confidence, kept):
    """T25"""
    verdict = read(answer(entry(confidence=given_confidence))).verdicts["c1"]
    assert (verdict.confidence, verdict.flags) == (kept, (CONFIDENCE_CLAMPED,))


def test_it_takes_a_whole_number_in_any_notation_that_the_schema_takes():
    confidence = read(answer(entry(confidence=4.0))).verdicts["c1"].confidence
    assert (confidence, type(confidence)) == (4, int)
    fields = ANSWER_SCHEMA["properties"]["comparisons"]["items"]["properties"]
    assert 4.0 in fields["confidence"]["enum"]


@pytest.mark.parametrize("length", [0, MAX_JUSTIFICATION_CHARS, MAX_JUSTIFICATION_CHARS + 1, 10**5])
def test_it_loses_no_result_to_a_long_justification(length):
    """T27"""
    verdict = read(answer(entry(justification="j" * length))).verdicts["c1"]
    assert len(verdict.justification) == min(length, MAX_JUSTIFICATION_CHARS)
    too_long = length > MAX_JUSTIFICATION_CHARS
    assert verdict.flags == ((JUSTIFICATION_CUT,) if too_long else ())


def test_it_keeps_out_of_a_justification_what_a_database_refuses():
    odd = "Clear\x00er,\n\nand \ud800 longer.\x1b"
    assert read(answer(entry(justification=odd))).verdicts["c1"].justification == (
        "Clearer, and longer."
    )


def test_it_salvages_the_complete_items_of_an_answer_cut_at_any_point():
    """T16"""
    text = answer(entry("c1"), entry("c2", justification='He writes: {"item": "c3"}'), entry("c3"))
    ends = [found.end() for found in re.finditer(r"\}(?=, \{|\])", text)]
    for length in range(len(text)):
        result = read(text[:length], truncated=True)
        complete = sum(end <= length for end in ends)
        assert list(result.verdicts) == list(ITEMS[:complete])
        assert all(p.error_type is ErrorType.MAX_TOKENS for p in result.problems.values())
        assert len(result.problems) == 3 - complete
        assert not result.readable


def test_it_salvages_what_stands_before_broken_json_and_nothing_after():
    """T14, T26"""
    first, last = json.dumps(entry("c1")), json.dumps(entry("c3"))
    result = read('{"comparisons": [' + first + ', {"item": "c2", winner}, ' + last + "]}")
    assert set(result.verdicts) == {"c1"}
    assert result.problems["c3"].error_type is ErrorType.INVALID_RESPONSE
    assert not result.readable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The first text is better.",
        "null",
        "[]",
        json.dumps([entry()]),
        "{}",
        '{"comparisons": null}',
        '{"comparisons": {"c1": "first"}}',
        '{"comparisons": [], "comparisons": []}',
        "Here you are: " + answer(entry()),
        "[" * 100_000,
        '{"comparisons": [' + '{"item":' * 50_000,
        '{"comparisons": [' + "9" * 5000 + "]}",
    ],
)
def test_it_turns_an_unreadable_answer_into_an_error_for_each_item(text):
    """T26"""
    result = read(text)
    assert not result.verdicts
    assert {p.error_type for p in result.problems.values()} == {ErrorType.INVALID_RESPONSE}
    assert set(result.problems) == set(ITEMS)
    assert not result.readable


def test_it_reads_an_answer_in_a_markdown_fence():
    for text in ("```json\n{}\n```", "```\n{}\n```", " ```json\n{}\n```\n"):
        assert set(read(text.replace("{}", answer(entry()))).verdicts) == {"c1"}
    assert set(read("```json\n" + answer(entry())[:-1], truncated=True).verdicts) == {"c1"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["c1", "first", "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["comparisons", "item", "winner", "confidence", "justification"]), inner
        )
    ),
    max_leaves=20,
)


@given(text=st.one_of(st.text(), JSON.map(json.dumps)), truncated=st.booleans())
@example(text=answer(entry())[:-2], truncated=False)
def test_it_gives_every_item_one_verdict_or_one_error_whatever_came_back(text, truncated):
    result = read(text, truncated=truncated)
    assert sorted([*result.verdicts, *result.problems]) == list(ITEMS)
    for verdict in result.verdicts.values():
        assert verdict.winner in {"essay_a", "essay_b"}
        assert verdict.confidence in {1, 2, 3, 4, 5}


def test_it_never_quotes_the_answer_in_a_message():
    secret = "Kim from Umeå"
    for entries in (
        [entry(winner=secret)],
        [entry(confidence=secret)],
        [entry(justification=[secret])],
    ):
        assert secret not in repr(read(answer(*entries)))
    assert secret not in repr(read(secret))
    assert secret not in repr(read(answer(entry(justification=secret))))


def test_the_worked_example_of_the_documentation_is_true():
    page = PAGE.read_text(encoding="utf-8")
    text = re.search(r"```json\n(.*?)```", page, re.S)[1]
    asked = parse_prompt(re.search(r"```text\n(.*?)\n```", page, re.S)[1]).comparisons
    listed = {pair.item: (pair.first, pair.second) for pair in asked}
    rows = re.findall(r"^\| (c\d) \| (\w\w) \| (\w\w) \| (.*?) \|(.*?)\|(.*?)\|$", page, re.M)
    assert [row[0] for row in rows] == list(listed)

    result = read_answer(text, list(listed), truncated=False)
    for item, first, second, outcome, confidence, flags in rows:
        assert listed[item] == (first, second)
        if item in result.problems:
            problem = result.problems[item]
            assert outcome == f"`{problem.error_type}`: {problem.message}"
            continue
        verdict = result.verdicts[item]
        won = first if verdict.winner == "essay_a" else second
        assert outcome == f"`{verdict.winner}` won ({won})"
        assert int(confidence) == verdict.confidence
        assert re.findall(r"\w+", flags) == list(verdict.flags)
    assert f"Unknown entries: {result.unknown_items} (" in page

    labels = {"QF": "7", "BM": "12", "XH": "30"}
    pairs = re.findall(r"^\| (c\d) \| (\d+) \| (\d+) \| (.*?) \|$", page, re.M)
    assert [item for item, *_ in pairs] == list(listed)
    for item, essay_a, essay_b, stored in pairs:
        assert tuple(labels[label] for label in listed[item]) == (essay_a, essay_b)
        if item in result.problems:
            assert stored == "nothing yet"
            continue
        winner = result.verdicts[item].winner
        assert stored == f"`{winner}` won: essay {essay_a if winner == 'essay_a' else essay_b}"
    assert list(result.problems) == ["c2", "c4"]

    cut = read_answer(text[: text.index('"item": "c2"') + 12], list(listed), truncated=True)
    assert set(cut.verdicts) == {"c1", "c3"}
    assert {p.error_type for p in cut.problems.values()} == {ErrorType.MAX_TOKENS}
    assert len(cut.problems) == 4
    assert f"up to {MAX_JUSTIFICATION_CHARS} characters" in page
