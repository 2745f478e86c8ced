"""`cj_fit` turns files of decisions into scores, errors, judges and grades, without a database."""

import csv
import io
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from defusedxml.ElementTree import parse

from tests.integration.cj_fit.fitted import cj_fit, fitted, written
from tests.unit.measurement.decisions import round_robin, simulate

ROOT = Path(__file__).resolve().parents[3]
SVG = "{http://www.w3.org/2000/svg}"

# Published: SSR, connected parts.
SESSIONS = {
    "Bisson2016_algebra": (0.8484, 1),
    "Holmes2017": (0.8299, 1),
    "Settembri2018": (0.7343, 1),
    "StadthagenGonzalez2019_eng-to-spa": (0.9405, 5),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_it_prints_the_published_figures_of_human_sessions(shared: Path, name: str) -> None:
    folder = shared / "data" / "human_judgements"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    document = fitted(folder / f"{name}.csv")
    ssr, parts = SESSIONS[name]
    summary = document["summary"]
    assert summary["ssr_mle"] == pytest.approx(ssr, abs=0.002)
    assert summary["components"] == parts
    assert any("groups that never met" in words for words in summary["warnings"]) == (parts > 1)
    assert (summary["gamma"], summary["ab_ba"]) == (None, None)
    with (folder / f"{name}.expected.csv").open() as file:
        published = {row["individual"]: row for row in csv.DictReader(file)}
    assert {item["item"] for item in document["items"]} == published.keys()
    for item in document["items"]:
        row = published[item["item"]]
        assert item["comparisons"] == int(row["comparisons"])
        assert item["wins"] == int(row["wins"])
        assert item["eps_se"] == pytest.approx(float(row["se"]), abs=0.01)
        assert item["infit"] == pytest.approx(float(row["infit"]), abs=0.01)
        assert item["outfit"] == pytest.approx(float(row["outfit"]), abs=0.01)
        if parts == 1:
            assert item["eps_theta"] == pytest.approx(float(row["theta"]), abs=0.01)


def test_it_prints_every_figure_of_a_round_robin(tmp_path: Path) -> None:
    """P-51, P-54: no error is 0, and a healthy net of 24 essays and 276 pairs is not flagged."""
    document = fitted(written(tmp_path / "d.csv", round_robin(24, 1.5, seed=3), judges=4))
    summary = document["summary"]
    assert (summary["n_items"], summary["n_comparisons"], summary["components"]) == (24, 276, 1)
    assert summary["reliability_interval"][0] < summary["reliability"] < 1
    assert summary["warnings"] == []
    for key in ("ssr_mle", "ssr_g", "separation_g", "sigma", "gamma", "gamma_se", "split_half"):
        assert summary[key] is not None
    assert summary["triads"]["complete"] == 24 * 23 * 22 // 6
    assert [judge["judge"] for judge in document["judges"]] == [f"judge {n}" for n in range(4)]
    scores = [item["score"] for item in document["items"]]
    assert scores == sorted(scores, reverse=True)
    assert all(item["se"] > 0 and item["component"] == 0 for item in document["items"])


def test_coin_tosses_have_no_reliability(tmp_path: Path) -> None:
    decisions = written(tmp_path / "d.csv", simulate(20, 6, 0.0, seed=2))
    document = fitted(decisions)
    assert document["summary"]["reliability"] is None
    assert document["summary"]["reliability_interval"] is None
    assert "not shown to differ from chance" in " ".join(document["summary"]["warnings"])
    words = cj_fit(decisions)
    assert "SSR" not in words and "Split half" not in words


def test_anchors_give_grades_with_soft_chances(tmp_path: Path) -> None:
    """P-57, P-61: chances add up to 1, and an anchor keeps the grade it is known by."""
    decisions = written(tmp_path / "d.csv", round_robin(24, 2.0, seed=3))
    items = [item["item"] for item in fitted(decisions)["items"]]
    anchors = tmp_path / "anchors.csv"
    anchors.write_text(f"item,grade\n{items[2]},A\n{items[12]},C\n{items[21]},F\n")
    document = fitted(decisions, "--anchors", anchors, "--grade-scale", "F,E,D,C,B,A")
    graded = {item["item"]: item for item in document["items"]}
    assert [graded[items[place]]["grade"] for place in (2, 12, 21)] == ["A", "C", "F"]
    assert len({item["grade"] for item in document["items"]}) > 2
    for item in document["items"]:
        assert sum(item["grade_probabilities"].values()) == pytest.approx(1.0)
    checked = document["summary"]["anchors"]["checks"]
    assert [check["known"] for check in checked if check["projected"]] == ["C"]


def test_anchors_of_one_grade_give_no_grades(tmp_path: Path) -> None:
    """P-62"""
    decisions = written(tmp_path / "d.csv", round_robin(6, 2.0, seed=3))
    anchors = tmp_path / "anchors.csv"
    anchors.write_text("item,grade\ne00,B\ne01,B\n")
    document = fitted(decisions, "--anchors", anchors)
    others = [item for item in document["items"] if not item["known_grade"]]
    assert {item["grade"] for item in others} == {None}
    assert {item["grade_probabilities"] for item in others} == {None}
    assert "at least two different grades" in " ".join(document["summary"]["warnings"])


def test_known_scores_set_the_scale(tmp_path: Path) -> None:
    decisions = written(tmp_path / "d.csv", round_robin(8, 1.0, seed=3))
    known = tmp_path / "known.csv"
    known.write_text('item,score\ne00,5\ne01,"6,5"\n')
    found = {item["item"]: item for item in fitted(decisions, "--fix", known)["items"]}
    assert (found["e00"]["score"], found["e01"]["score"]) == (5.0, 6.5)
    assert found["e00"]["se"] == 0.0 < found["e02"]["se"]


def test_several_files_are_one_fit_and_a_judge_can_be_left_out(tmp_path: Path) -> None:
    session = round_robin(8, 1.5, seed=3)
    model = written(tmp_path / "model.csv", session)
    human = tmp_path / "human.csv"
    human.write_text(
        "judge,candidate_chosen,candidate_not_chosen\n" + "ann,e07,e00\n" * 5 + "bob,e07,e01\n"
    )
    both = fitted(model, human)
    assert both["summary"]["n_comparisons"] == 34
    assert [judge["judge"] for judge in both["judges"]] == ["ann", "bob", "judge 0"]
    alone = fitted(model, human, "--exclude-judge", "ann", "--exclude-judge", "judge 0")
    assert [item["item"] for item in alone["items"]] == ["e07", "e01"]


def test_ties_count_half(tmp_path: Path) -> None:
    decisions = tmp_path / "d.csv"
    decisions.write_text("essay_a,essay_b,winner\n" + "x,y,tie\n" * 3)
    items = fitted(decisions)["items"]
    assert [item["wins"] for item in items] == [1.5, 1.5]
    assert items[0]["score"] == pytest.approx(items[1]["score"], abs=1e-6)


def test_a_csv_cell_is_never_a_formula(tmp_path: Path) -> None:
    decisions = tmp_path / "d.csv"
    decisions.write_text('candidate_chosen,candidate_not_chosen\n"=1+1",-2\n')
    rows = list(csv.DictReader(io.StringIO(cj_fit(decisions, "--format", "csv"))))
    assert [row["item"] for row in rows] == ["'=1+1", "'-2"]
    assert float(rows[1]["score"]) < 0


def test_the_table_can_be_read(tmp_path: Path) -> None:
    words = cj_fit(written(tmp_path / "d.csv", round_robin(8, 1.5, seed=3), judges=2))
    assert words.splitlines()[0].split()[:3] == ["item", "score", "se"]
    for part in ("judge 1", "28 decisions between 8 items by 2 judges.", "Reliability", "sigma"):
        assert part in words
    assert "nan" not in words and "None" not in words


def test_it_draws_every_item_once(tmp_path: Path) -> None:
    decisions = tmp_path / "d.csv"
    decisions.write_text('essay_a,essay_b,winner\n"<script>\x0b&",y,y\ny,z,z\n')
    picture = tmp_path / "plot.svg"
    cj_fit(decisions, "--plot", picture)
    root: ElementTree.Element = parse(picture).getroot()
    assert len(root.findall(f".//{SVG}circle")) == 3
    assert not root.findall(f".//{SVG}script")


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    decisions = written(tmp_path / "d.csv", simulate(20, 10, 1.0, seed=2), judges=5)
    assert cj_fit(decisions, "--format", "json") == cj_fit(decisions, "--format", "json")


def test_it_runs_without_a_database(tmp_path: Path) -> None:
    decisions = written(tmp_path / "d.csv", round_robin(5, 1.5, seed=3))
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "cj_fit", str(decisions)],
        env={
            **os.environ,
            "CJ_DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "10 decisions between 5 items" in done.stdout
