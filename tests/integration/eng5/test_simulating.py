"""`eng5 simulate`: trying a way of working on made-up essays, before anybody is paid."""

from pathlib import Path

import pytest
from defusedxml import ElementTree

from tests.integration.eng5.folders import SAMPLES, write
from tests.integration.eng5.runner import DATABASE, Finished, eng5, eng5_here

SVG = "{http://www.w3.org/2000/svg}"


def simulated(capsys: pytest.CaptureFixture[str], *options: object) -> Finished:
    return eng5_here(capsys, "simulate", "--essays", 10, "--seeds", 2, *options).succeeded()


def test_it_needs_no_database(tmp_path: Path) -> None:
    """In a process of its own: the tests' process has a database at hand."""
    ended = eng5(tmp_path, "simulate", "--essays", 10, "--seeds", 2, "--max-comparisons", 30)
    ended.succeeded()
    assert ended.err == ""
    assert not (tmp_path / DATABASE).exists()
    assert list(tmp_path.glob("*sqlite*")) == []


def test_it_does_not_even_open_a_database(capsys) -> None:
    """No database mark here: pytest-django refuses every query of this test."""
    ended = simulated(capsys, "--max-comparisons", 30)
    assert "10 essays of true SD 1.5" in ended.out
    assert "blocks ended by: budget_exhausted 2" in ended.out


def test_it_compares_strategies_on_the_same_essays(capsys) -> None:
    told = simulated(
        capsys,
        *("--pairing-strategy", "random", "--pairing-strategy", "adaptive"),
        *("--max-comparisons", 40, "--json"),
    ).json
    assert list(told["strategies"]) == ["random", "adaptive"]
    # Before the first fit both know nothing, so that they choose the same pairs.
    first = [strategy["waves"][0] for strategy in told["strategies"].values()]
    assert first[0] == first[1]
    for strategy in told["strategies"].values():
        assert sum(strategy["stop_reasons"].values()) == 2
        assert strategy["waves"][-1]["per_essay"] == pytest.approx(8.0)
        assert strategy["waves"][-1]["stopped"] == 1.0
        assert 0.0 <= strategy["at_the_end"]["shown"] <= 1.0


def test_it_shows_what_blocks_save(capsys) -> None:
    told = simulated(
        capsys, "--pairing-strategy", "blocks", "--pairing-strategy", "balanced", "--json"
    ).json["strategies"]
    texts = {name: figures["waves"][0]["texts_per_comparison"] for name, figures in told.items()}
    assert texts["blocks"] < 0.7 < texts["balanced"]


def test_it_says_the_same_again_and_other_things_from_another_seed(capsys) -> None:
    one, again, other = (
        simulated(capsys, "--seed", seed, "--max-comparisons", 40, "--json").json["strategies"]
        for seed in (1, 1, 3)
    )
    assert one == again
    assert one != other


def test_it_goes_on_past_an_early_stop_and_says_where_that_was(capsys) -> None:
    told = simulated(
        capsys,
        *("--essays", 24, "--slope", 20, "--max-comparisons", 200),
        *("--pairing-strategy", "balanced", "--json"),
    ).json["strategies"]["balanced"]
    assert told["stop_reasons"] == {"stable": 2}
    assert told["waves"][-1]["per_essay"] > told["at_the_end"]["per_essay"]
    assert told["waves"][-1]["runs"] == 2


def test_it_judges_each_pair_as_often_as_asked(capsys) -> None:
    """Four essays have six pairs, and twice as many with both orders."""
    for judgements, comparisons in ((1, 6), (2, 12)):
        told = eng5_here(
            capsys,
            *("simulate", "--essays", 4, "--seeds", 1, "--slope", 0, "--json"),
            *("--judgements-per-pair", judgements, "--pairing-strategy", "balanced"),
        ).json["strategies"]["balanced"]
        assert told["waves"][-1]["per_essay"] == comparisons / 2


def test_a_judge_that_never_answers_ends_it_early(capsys) -> None:
    ended = simulated(capsys, "--failure-rate", 1)
    assert "low_success_rate 2" in ended.out


def test_the_batch_api_judges_everything_in_one_wave(capsys) -> None:
    told = simulated(
        capsys, "--llm-batching-mode", "provider_batch_api", "--max-comparisons", 20, "--json"
    ).json
    ((name, figures),) = told["strategies"].items()
    assert (name, len(figures["waves"])) == ("balanced", 1)
    assert figures["at_the_end"]["comparisons"] == 20


def test_it_takes_the_thresholds_of_the_settings(capsys, monkeypatch) -> None:
    """What a researcher tries out here is set the same way for the runs."""
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_SCORE_STABILITY_THRESHOLD", "9")
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_MAX_PAIRWISE_COMPARISONS", "41")
    told = simulated(capsys, "--json").json
    assert told["scenario"]["stability_threshold"] == 9.0
    assert told["scenario"]["max_comparisons"] == 41


def test_it_takes_the_qualities_from_a_file(capsys) -> None:
    ended = eng5_here(
        capsys,
        *("simulate", "--truth", SAMPLES / "grades.csv", "--seeds", 1, "--slope", 3),
        *("--max-comparisons", 150, "--json"),
    ).succeeded()
    assert ended.json["scenario"]["truth"] == "grades.csv"
    assert ended.json["scenario"]["essays"] == 33
    assert ended.json["strategies"]["blocks"]["at_the_end"]["true_r2"] > 0.8


def test_it_draws_a_picture(tmp_path: Path, capsys) -> None:
    path = tmp_path / "curves.svg"
    simulated(
        capsys,
        *("--pairing-strategy", "random", "--pairing-strategy", "blocks"),
        *("--max-comparisons", 40, "--picture", path),
    )
    root = ElementTree.parse(path).getroot()
    assert len(root.findall(f".//{SVG}polyline")) == 8
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert {"random", "blocks", "comparisons per essay", "printed reliability"} <= words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--essays", "1"], "--essays: 1 is too small"),
        (["--essays", "many"], "'many' is not a whole number"),
        (["--true-sd", "-1"], "--true-sd: -1 is not from 0"),
        (["--slope", "nan"], "--slope: nan is not from 0"),
        (["--bias", "x"], "'x' is not a number"),
        (["--failure-rate", "1.5"], "--failure-rate: 1.5 is not from 0 to 1"),
        (["--seeds", "0"], "--seeds: 0 is too small"),
        (["--pairing-strategy", "best"], "invalid choice: 'best'"),
        (["--llm-batching-mode", "fast"], "invalid choice: 'fast'"),
        (["--max-comparisons", "100001"], "give at most 100000"),
        (["--picture", "/no/such/folder/x.svg"], "name a file in a folder that exists"),
        (["--truth", "/no/such.csv"], "cannot be opened"),
        (["--truth", SAMPLES / "grades.csv", "--essays", "3"], "not both"),
        (["--truth", SAMPLES / "grades.csv", "--grade-scale", "tall"], "unknown grade scale"),
        (["--truth", SAMPLES / "grades.csv", "--grade-scale", "1,2,3"], "not on the scale"),
    ],
)
def test_it_refuses_what_cannot_be(options: list[object], words: str, capsys) -> None:
    ended = eng5_here(capsys, "simulate", *options)
    assert ended.code == 2
    assert words in ended.err
    assert ended.out == ""


def test_it_refuses_a_truth_of_one_essay(tmp_path: Path, capsys) -> None:
    path = write(tmp_path / "truth.csv", "file,grade\na.txt,A\n")
    ended = eng5_here(capsys, "simulate", "--truth", path)
    assert ended.code == 2
    assert "fewer than two essays" in ended.err
