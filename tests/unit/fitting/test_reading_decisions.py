"""Decisions are read as people and tools write them, and what is wrong is named by its place."""

from pathlib import Path

import pytest

from assessment.fitting.decisions import DecisionList, read_decisions
from assessment.intake.errors import InputError


def read(folder: Path, *texts: str) -> DecisionList:
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"list_{number}.csv"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return read_decisions(paths)


def decided(found: DecisionList) -> list[tuple[str, str, float, str]]:
    return [
        (found.items[a], found.items[b], won, found.judges[judge])
        for a, b, won, judge in zip(
            found.first, found.second, found.first_won, found.judge, strict=True
        )
    ]


def test_it_reads_the_export_of_human_tools(tmp_path: Path) -> None:
    """What was shown first is not on record there, so it must not be taken for the winner."""
    found = read(tmp_path, "judge,candidate_chosen,candidate_not_chosen\nann,x,y\nbob,y,z\n")
    assert decided(found) == [("x", "y", 1.0, "ann"), ("y", "z", 1.0, "bob")]
    assert not found.order_known


def test_it_reads_winners_by_place_by_name_and_ties(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "essay_a,essay_b,winner,judge\nx,y,essay_a,ann\nx,y,essay_b,ann\nx,y,y,ann\nx,y,Tie,bob\n",
    )
    assert [won for _, _, won, _ in decided(found)] == [1.0, 0.0, 0.0, 0.5]
    assert found.order_known


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffEssay_A , ESSAY_B,Winner\r\n x ,y, essay_b \r\n\r\n",
        "essay_a;essay_b;winner;note\nx;y;essay_b;a, b\n",
        "note\tessay_a\tessay_b\twinner\n\tx\ty\ty\n",
        '\n"essay_a","essay_b","winner"\n"x","y","y"\n',
    ],
    ids=["spreadsheet", "semicolons", "tabs", "quotes"],
)
def test_it_reads_what_spreadsheets_write(tmp_path: Path, text: str) -> None:
    assert decided(read(tmp_path, text)) == [("x", "y", 0.0, "list_0")]


def test_a_file_without_judges_is_one_judge_and_models_are_judges(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "essay_a,essay_b,winner\nx,y,x\n",
        "essay_a,essay_b,winner,provider,model\nx,y,x,openai,gpt\n",
    )
    assert found.judges == ("list_0", "openai:gpt")


def test_people_and_models_share_items_and_lose_the_order(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "candidate_chosen,candidate_not_chosen\nx,y\n",
        "essay_a,essay_b,winner\ny,z,z\n",
    )
    assert found.items == ("x", "y", "z")
    assert (found.count, found.order_known) == (2, False)


def test_failed_comparisons_of_a_run_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "essay_a,essay_b,winner,error_code\nx,y,essay_a,\nx,z,,TIMEOUT\n",
    )
    assert (found.count, found.left_out, found.items) == (1, 1, ("x", "y"))


def test_leaving_a_judge_out_leaves_out_what_only_that_judge_saw(tmp_path: Path) -> None:
    found = read(
        tmp_path, "judge,candidate_chosen,candidate_not_chosen\nann,x,y\nbob,y,z\nbob,z,w\n"
    ).without_judges(["bob"])
    assert decided(found) == [("x", "y", 1.0, "ann")]
    assert (found.items, found.judges) == (("x", "y"), ("ann",))


def test_the_same_name_spelt_with_other_code_points_is_the_same_item(tmp_path: Path) -> None:
    found = read(tmp_path, "candidate_chosen,candidate_not_chosen\n\u00e5sa,bo\nbo,a\u030asa\n")
    assert found.items == ("\u00e5sa", "bo")


HUMAN = "judge,candidate_chosen,candidate_not_chosen\n"
SHOWN = "essay_a,essay_b,winner\n"
FAULTS = {
    "empty": ("", "list_0.csv: is empty"),
    "only a heading": (HUMAN, "list_0.csv: has no decision"),
    "only failures": (
        "essay_a,essay_b,winner,error_code\nx,y,,TIMEOUT\n",
        "list_0.csv: has no decision",
    ),
    "no such columns": ("a,b\n1,2\n", 'row 1: has no column "candidate_chosen"'),
    "a missing column": ("essay_a,essay_b\nx,y\n", 'row 1: has no column "winner"'),
    "a column twice": (
        "essay_a,essay_b,winner,winner\nx,y,x,y\n",
        'row 1: has two columns "winner"',
    ),
    "itself": (HUMAN + "ann,x,y\nann,x,x\n", "row 3, column candidate_not_chosen: "),
    "no winner": (SHOWN + "x,y,\n", "row 2, column winner: is empty"),
    "unknown winner": (SHOWN + "x,y,x\n\nx,y,zed\n", 'row 4, column winner: "zed" does not say'),
    "a short row": (HUMAN + "ann,x\n", "row 2, column candidate_not_chosen: is empty"),
    "no judge": (HUMAN + ",x,y\n", "row 2, column judge: is empty"),
    "two meanings": (SHOWN + "x,essay_a,essay_a\n", "row 2, column winner"),
    "an open quote": (HUMAN + 'ann,"x,y\n', "is not csv"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_names_file_row_and_column_and_what_to_do(tmp_path: Path, fault: str) -> None:
    text, words = FAULTS[fault]
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    error = caught.value.errors[0]
    assert words in str(error)
    assert str(tmp_path / "list_0.csv") in error.where
    assert error.remedy.endswith(".")


@pytest.mark.parametrize("content", [b"PK\x03\x04 x", b"\x00\x01\x02", b"%PDF-1.7"])
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match="text"):
        read_decisions([path])


def test_at_most_ten_faults_are_told_in_order(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, SHOWN + "x,y,?\n" * 25)
    assert [error.where.split(", ")[1] for error in caught.value.errors] == [
        f"row {number}" for number in range(2, 12)
    ]


def test_a_hundred_thousand_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows = "".join(f"i{number},j{number % 7},essay_a\n" for number in range(100_000))
    assert read(tmp_path, SHOWN + rows).count == 100_000
    with pytest.raises(InputError, match="row 100002, column winner"):
        read(tmp_path, SHOWN + rows + "x,y,nobody\n")
