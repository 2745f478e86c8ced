"""A decision counts once, however many files it is in."""

from pathlib import Path

import pytest

from assessment.fitting.analyses import analyse
from assessment.fitting.decisions import DecisionList, read_decisions
from assessment.intake.errors import InputError

RUN = "correlation_id,essay_a,essay_b,winner,provider,model\n"
FIRST_ROWS = "i1,x,y,essay_a,mock,m\ni2,y,z,essay_b,mock,m\n"
HUMAN = "judge,candidate_chosen,candidate_not_chosen\n"


def written(folder: Path, *texts: str) -> list[Path]:
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"list_{number}.csv"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def warned(decisions: DecisionList) -> str:
    return " ".join(analyse(decisions).warnings)


def test_a_file_named_twice_is_refused(tmp_path: Path) -> None:
    (path,) = written(tmp_path, HUMAN + "ann,x,y\n")
    with pytest.raises(InputError, match="is named twice"):
        read_decisions([path, path])


def test_a_copy_under_another_name_is_refused(tmp_path: Path) -> None:
    """Windows line ends do not make it another file."""
    one, other = written(tmp_path, HUMAN + "ann,x,y\n", HUMAN + "ann,x,y\n")
    other.write_bytes(other.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(InputError, match="same content") as caught:
        read_decisions([one, other])
    assert str(one) in str(caught.value) and str(other) in str(caught.value)


def test_a_later_export_and_an_earlier_one_count_each_decision_once(tmp_path: Path) -> None:
    later = RUN + FIRST_ROWS + "i3,x,z,essay_a,mock,m\n"
    for texts in ((later, RUN + FIRST_ROWS), (RUN + FIRST_ROWS, later)):
        found = read_decisions(written(tmp_path, *texts))
        assert (found.count, found.repeated, found.contained) == (3, 2, ())
        assert "2 rows have the correlation_id of an earlier row" in warned(found)


def test_a_row_repeated_in_one_file_counts_once(tmp_path: Path) -> None:
    found = read_decisions(written(tmp_path, RUN + FIRST_ROWS + FIRST_ROWS))
    assert (found.count, found.repeated) == (2, 2)


def test_a_repeated_row_brings_no_judge_of_its_own(tmp_path: Path) -> None:
    plain = "correlation_id,essay_a,essay_b,winner\ni1,x,y,essay_a\n"
    found = read_decisions(written(tmp_path, RUN + FIRST_ROWS, plain))
    assert found.judges == ("mock:m",)


def test_rows_without_an_id_are_decisions_of_their_own(tmp_path: Path) -> None:
    found = read_decisions(written(tmp_path, RUN + ",x,y,essay_a,mock,m\n" * 3))
    assert (found.count, found.repeated) == (3, 0)


@pytest.mark.parametrize("row", ["i1,x,y,essay_b", "i1,y,x,essay_a", "i1,x,w,essay_a"])
def test_an_id_that_says_two_things_is_refused(tmp_path: Path, row: str) -> None:
    paths = written(tmp_path, RUN + FIRST_ROWS, RUN + f"i9,x,z,essay_a,mock,m\n{row},mock,m\n")
    with pytest.raises(InputError, match="says something else") as caught:
        read_decisions(paths)
    assert caught.value.where == f"{paths[1]}, row 3, column correlation_id"


NO_IDS = HUMAN + "ann,x,z\nann,y,z\nann,x,w\n"


@pytest.mark.parametrize("texts", [(NO_IDS, RUN + FIRST_ROWS * 2), (RUN + FIRST_ROWS * 2, NO_IDS)])
def test_rows_of_a_file_without_ids_do_not_move_the_ids_of_another(
    tmp_path: Path, texts: tuple[str, ...]
) -> None:
    found = read_decisions(written(tmp_path, *texts))
    assert (found.count, found.repeated) == (5, 2)


def test_an_id_that_says_two_things_is_refused_after_a_file_without_ids(tmp_path: Path) -> None:
    """The contradicting row agrees with the first row of the file without ids."""
    rows = FIRST_ROWS + "i1,x,z,essay_a,mock,m\n"
    paths = written(tmp_path, NO_IDS, RUN + rows)
    with pytest.raises(InputError, match="says something else") as caught:
        read_decisions(paths)
    assert caught.value.where == f"{paths[1]}, row 4, column correlation_id"


CHOSEN = "correlation_id,candidate_chosen,candidate_not_chosen\n"
SHOWN = "correlation_id,essay_a,essay_b,winner\n"


@pytest.mark.parametrize("chosen_first", [True, False])
@pytest.mark.parametrize("row", ["i1,x,y,essay_a", "i1,y,x,essay_b"])
def test_both_forms_of_one_decision_say_the_same(
    tmp_path: Path, row: str, chosen_first: bool
) -> None:
    texts = (CHOSEN + "i1,x,y\n", SHOWN + f"{row}\n")
    found = read_decisions(written(tmp_path, *(texts if chosen_first else texts[::-1])))
    assert (found.count, found.repeated) == (1, 1)
    winner = found.first if found.first_won[0] == 1 else found.second
    assert found.items[winner[0]] == "x"


@pytest.mark.parametrize("chosen_first", [True, False])
@pytest.mark.parametrize(
    "row", ["i1,x,y,essay_b", "i1,y,x,essay_a", "i1,x,y,tie", "i1,y,x,tie", "i1,x,w,essay_a"]
)
def test_two_forms_that_say_two_things_are_refused(
    tmp_path: Path, row: str, chosen_first: bool
) -> None:
    texts = (CHOSEN + "i1,x,y\n", SHOWN + f"{row}\n")
    with pytest.raises(InputError, match="says something else"):
        read_decisions(written(tmp_path, *(texts if chosen_first else texts[::-1])))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_was_shown_first_must_agree_wherever_two_rows_say_so(
    tmp_path: Path, place: int
) -> None:
    """Also where the row that is kept, the earliest, is of the form that does not say it."""
    texts = [SHOWN + "i1,x,y,essay_a\n", SHOWN + "i1,y,x,essay_b\n"]
    texts.insert(place, CHOSEN + "i1,x,y\n")
    paths = written(tmp_path, *texts)
    with pytest.raises(InputError, match="says something else") as caught:
        read_decisions(paths)
    last_shown = paths[1] if place == 2 else paths[2]
    assert caught.value.where == f"{last_shown}, row 2, column correlation_id"


def test_a_file_whose_rows_are_all_in_another_is_told(tmp_path: Path) -> None:
    """Exports of human tools have no id of a decision, so nothing is left out."""
    rows = "ann,x,y\nann,x,y\nbob,y,z\n"
    earlier, later = written(tmp_path, HUMAN + rows, HUMAN + "bob,x,z\n" + rows)
    found = read_decisions([earlier, later])
    assert found.count == 7
    assert found.contained == ((str(earlier), str(later)),)
    assert "now count twice" in warned(found)


@pytest.mark.parametrize(
    "rows",
    ["ann,x,y\nann,x,y\nann,x,y\n", "eve,x,y\n", "ann,y,x\n", "ann,x,q\n"],
    ids=["more often", "another judge", "another winner", "another item"],
)
def test_files_of_other_decisions_are_not_suspected(tmp_path: Path, rows: str) -> None:
    paths = written(tmp_path, HUMAN + "ann,x,y\nann,x,y\nbob,y,z\nbob,x,z\n", HUMAN + rows)
    assert read_decisions(paths).contained == ()


def test_the_same_rows_in_another_order_are_told_once(tmp_path: Path) -> None:
    one, other = written(tmp_path, HUMAN + "ann,x,y\nbob,y,z\n", HUMAN + "bob,y,z\nann,x,y\n")
    assert read_decisions([one, other]).contained == ((str(one), str(other)),)
