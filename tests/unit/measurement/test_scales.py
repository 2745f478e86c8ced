"""Grade scales by name and by hand."""

import pytest

from assessment.measurement.scales import SCALES, Scale, parse_scale


def test_it_knows_the_named_scales() -> None:
    assert parse_scale("swedish_8_anchor").labels == ("F", "E", "D", "D+", "C", "C+", "B", "A")
    legacy = ("F+", "E-", "E+", "D-", "D+", "C-", "C+", "B", "A")
    assert parse_scale("eng5_np_legacy_9_step").labels == legacy
    assert parse_scale("eng5_np_national_9_step").labels == tuple("123456789")


@pytest.mark.parametrize("name", SCALES)
def test_every_grade_of_every_scale_has_its_place(name: str) -> None:
    """P-60."""
    scale = SCALES[name]
    assert [scale.index(label) for label in scale.labels] == list(range(len(scale)))


def test_it_reads_a_list_of_labels() -> None:
    assert parse_scale(" 1, 1.5 ,2 ") == Scale("custom", ("1", "1.5", "2"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "known scales"),
        ("swedish", "unknown grade scale"),
        ("A", "unknown grade scale"),
        ("A,B,A", "A more than once"),
        ("A,,B", "empty label"),
        ("A,", "empty label"),
    ],
)
def test_it_explains_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_scale(text)


def test_it_names_the_grades_when_one_is_unknown() -> None:
    with pytest.raises(ValueError, match="'G' is not a grade"):
        parse_scale("F,E,D").index("G")
