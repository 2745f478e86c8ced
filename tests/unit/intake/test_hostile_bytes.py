"""Whatever bytes come in, the answer is a text or an `InputError`."""

import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessment.intake import (
    InputError,
    InputErrors,
    grades_for,
    normalise,
    read_truth,
    sha256_of,
    text_of,
)

from .files import docx_bytes, essay, pdf_bytes

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WHOLE = {".docx": docx_bytes("An essay.", "Two."), ".pdf": pdf_bytes(["An essay."], ["Two."])}


def read(name: str, data: bytes) -> None:
    try:
        text = text_of(name, data)
    except InputError as error:
        assert str(error).startswith(f"{name}: ")
        assert error.__context__ is None
    else:
        assert text.strip()
        assert normalise(text) == text


@QUICK
@given(suffix=st.sampled_from([".txt", ".md", ".docx", ".pdf", ".doc"]), data=st.binary())
def test_it_survives_any_bytes(suffix: str, data: bytes) -> None:
    read(f"anna{suffix}", data)


@QUICK
@given(
    suffix=st.sampled_from(sorted(WHOLE)),
    at=st.floats(0, 1),
    cut=st.integers(0, 40),
    put=st.binary(max_size=40),
)
def test_it_survives_damaged_documents(suffix: str, at: float, cut: int, put: bytes) -> None:
    whole = WHOLE[suffix]
    start = int(at * len(whole))
    read(f"anna{suffix}", whole[:start] + put + whole[start + cut :])


@QUICK
@given(st.text(st.characters(), max_size=60))
def test_it_normalises_once_and_for_all(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert sha256_of(once) == sha256_of(text)


@QUICK
@given(st.binary() | st.text().map(lambda rows: f"file,grade\na.txt,A\n{rows}".encode()))
def test_it_survives_any_table(tmp_path: Path, data: bytes) -> None:
    table = tmp_path / "grades.csv"
    table.write_bytes(data)
    for read_table in (
        lambda: grades_for([essay("a.txt")], ["B", "A"], table),
        lambda: read_truth(table, [essay("a.txt")]),
    ):
        try:
            read_table()
        except InputErrors as error:
            assert all(line.isprintable() for line in str(error).splitlines())
            assert len(str(error).splitlines()) == len(error.errors)


def test_its_errors_travel_between_processes() -> None:
    one = InputError("a.txt", "is empty", "Fill it.")
    many = InputErrors([one, InputError("b.txt", "is empty", "Fill it.")])
    for error in (one, many):
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the line itself
        assert str(copy) == str(error)
        assert len(copy.errors) == len(error.errors)


def test_a_problem_list_is_never_empty() -> None:
    with pytest.raises(ValueError, match="at least one"):
        InputErrors([])
