"""The HTML report: one file that needs nothing but itself, made from the run document."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.template.base import Template
from django.utils.safestring import SafeString, mark_safe

from assessment.reports import balances, checks, grades, summaries, tables
from assessment.reports.charts.balances import balance_chart
from assessment.reports.charts.labels import short_names
from assessment.reports.charts.rankings import GradeBoundary, RankedEssay, ranking_charts
from assessment.reports.charts.waves import ScoreLine, figure_chart, score_lines_chart
from assessment.reports.costs import cost_meaning, cost_value
from assessment.reports.figures import count, decimal, moment, plural
from assessment.reports.groups import group_words, groups_of, picture_heading
from assessment.reports.jobs import job_rows
from assessment.reports.schema import RunDocument
from assessment.reports.warning_signs import rest_words, sign_rows

TEMPLATES = Path(__file__).parent / "templates"
# Control characters have no business in a page, and lone surrogates (from file names that are not
# valid UTF-8) cannot be written to a file at all.
UNPRINTABLE = {
    code: "\ufffd"
    for code in (*range(32), *range(127, 160), *range(0xD800, 0xE000))
    if chr(code) not in "\t\n\r"
}


def render_report(document: RunDocument) -> str:
    """The report of a valid run document (see `validate_run`) as one HTML page.

    The page holds no script, fetches nothing, and its content security policy forbids both.
    Needs no Django settings.
    """
    context = Context(_context(document), autoescape=True, use_l10n=False, use_tz=False)
    page: str = template("report.html").render(context)
    return page.translate(UNPRINTABLE)


def template(name: str) -> Template:
    """One of the templates beside this module."""
    return _engine().get_template(name)


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(TEMPLATES)], autoescape=True)


def _context(document: RunDocument) -> dict[str, Any]:
    run, batch = document["run"], document["batch"]
    return {
        "label": run["label"] or "Untitled run",
        "started_at": moment(run["started_at"]),
        "finished_at": moment(run["finished_at"]),
        "mock": batch["mock"],
        "status": summaries.worded(summaries.STATUSES, batch["status"]),
        "status_code": batch["status"].lower(),
        "stop_reason": summaries.worded(summaries.STOP_REASONS, batch["stop_reason"]),
        "failure": batch.get("failure"),
        "no_scores": summaries.no_scores_words(document),
        "warnings": summaries.warnings_of(document),
        "tiles": _tiles(document),
        "rankings": _rankings(document),
        "group_words": group_words(groups_of(document)),
        "students": tables.student_rows(document),
        # Anchors have theirs whatever comes out.
        "has_grades": any(
            result["grade"] for result in document["results"] if result["role"] == "student"
        ),
        "no_grades": grades.no_grades_words(document),
        "unheld_grades": grades.unheld_words(
            document["inputs"]["grade_scale"],
            [result["grade_probabilities"] for result in document["results"]],
        ),
        "has_beyond": any(result["beyond"] for result in document["results"]),
        "has_known_grades": any(
            result["known_grade"] for result in document["results"] if result["role"] == "student"
        ),
        "anchors": tables.anchor_rows(document),
        "agreement": tables.agreement_rows(document),
        "agreement_lacks_intervals": tables.agreement_lacks_intervals(document),
        **_wave_pictures(document),
        "waves": tables.wave_rows(document),
        **_balance(document),
        "position_words": summaries.position_words(document["measurement"]),
        "has_anchor_checks": bool(checks.anchor_checks(document)),
        "reviews": checks.review_rows(document),
        "review_words": checks.review_words(document),
        "texts_to_read": sign_rows(document),
        "texts_to_read_words": rest_words(document),
        "judge_checks": checks.judge_check_rows(document),
        "consistency": checks.consistency_words(document),
        "field": checks.field_rows(document),
        "surprises": tables.surprise_rows(document),
        "judges": tables.judge_rows(document),
        "jobs": job_rows(document),
        "failures": tables.failure_rows(document),
        "command": run["command"],
        "settings": tables.pair_rows(document["settings"]),
        "versions": tables.pair_rows(document["versions"]),
        "hashes": tables.hash_rows(document),
        "batch_id": batch["id"],
        "grade_scale": ", ".join(document["inputs"]["grade_scale"]),
    }


def _tiles(document: RunDocument) -> list[dict[str, str]]:
    batch, cost = document["batch"], document["cost"]
    roles = [file["role"] for file in document["inputs"]["files"]]
    students, anchors = roles.count("student"), roles.count("anchor")
    mode = summaries.worded(summaries.MODES, batch["llm_batching_mode"])
    value, meaning = _reliability(document)
    failed = f"{count(batch['failed'])} failed." if batch["failed"] else "No failures."
    return [
        {
            "name": "Essays",
            "value": count(len(roles)),
            "meaning": f"{plural(students, 'student', 'students')} and "
            f"{plural(anchors, 'anchor', 'anchors')} (essays whose grade is known).",
        },
        {
            "name": "Comparisons",
            "value": f"{count(batch['completed'])} of {count(batch['completion_denominator'])}",
            "meaning": f"{_cap_words(batch)} {failed}",
        },
        {
            "name": "Waves",
            "value": count(batch["waves"]),
            "meaning": summaries.wave_words(document),
        },
        {
            "name": "Calls to the judge",
            "value": count(cost["calls"]),
            "meaning": mode if cost["calls"] else "Nobody was called.",
        },
        {
            "name": "Cost",
            "value": cost_value(cost),
            "meaning": cost_meaning(cost),
        },
        {"name": "Reliability", "value": value, "meaning": meaning},
    ]


def _reliability(document: RunDocument) -> tuple[str, str]:
    if words := summaries.no_scores_words(document):
        return "not given", words
    return summaries.reliability_words(document["measurement"])


def _cap_words(batch: Mapping[str, Any]) -> str:
    possible, allowed = batch["completion_denominator"], batch["total_budget"]
    if possible < allowed:
        return f"More than {count(possible)} were not possible; {count(allowed)} were allowed."
    return f"More than {count(allowed)} were not allowed."


def _rankings(document: RunDocument) -> list[dict[str, Any]]:
    """The pictures of the ranking, a heading over each; groups that never met share none.

    An essay that met nobody else has no picture.
    """
    names = _names(document)
    boundaries = [
        GradeBoundary(row["lower"], row["upper"], row["logit"])
        for row in document["measurement"]["boundaries"]
    ]
    groups = groups_of(document)
    if len(groups) < 2:
        compared = groups[0] if groups else []
        drawn = _safe(ranking_charts([_ranked(row, names) for row in compared], boundaries))
        return [{"heading": "", "picture": picture} for picture in drawn]
    return [
        {"heading": picture_heading(number, groups), "picture": picture}
        for number, group in enumerate(groups, start=1)
        if len(group) > 1
        for picture in _safe(
            ranking_charts([_ranked(row, names) for row in group], [], key=f"ranking-{number}")
        )
    ]


def _ranked(row: Mapping[str, Any], names: Mapping[str, str]) -> RankedEssay:
    return RankedEssay(
        label=names[row["essay"]],
        score=row["score"],
        se=row["se"],
        is_anchor=row["role"] == "anchor",
        grade=(row["known_grade"] if row["role"] == "anchor" else row["grade"]) or "",
    )


def _wave_pictures(document: RunDocument) -> dict[str, Any]:
    """Pictures over waves; a single wave has no course to draw."""
    waves: Sequence[Mapping[str, Any]] = document["waves"]
    if len(waves) < 2:
        return {"score_lines": None, "change_chart": None, "reliability_chart": None}
    names = _names(document)
    scores: dict[str, dict[int, float]] = {}
    for wave in waves:
        for essay, score in wave["scores"].items():
            scores.setdefault(essay, {})[wave["number"]] = score
    roles = {file["name"]: file["role"] for file in document["inputs"]["files"]}
    lines = [
        ScoreLine(names[essay], roles[essay] == "anchor", course)
        for essay, course in scores.items()
    ]
    threshold = _setting(document["settings"], "SCORE_STABILITY_THRESHOLD")
    charts = (
        score_lines_chart(lines, [wave["number"] for wave in waves]),
        figure_chart(
            {wave["number"]: wave["max_score_change"] for wave in waves},
            key="change",
            title="Largest change of a score in each wave",
            threshold=threshold,
        ),
        figure_chart(
            {wave["number"]: wave["reliability"] for wave in waves},
            key="reliability",
            title="Reliability after each wave",
            ceiling=1.0,
        ),
    )
    drawn = _safe(charts)
    return {
        "score_lines": drawn[0],
        "change_chart": drawn[1],
        "reliability_chart": drawn[2],
        "threshold": None if threshold is None else decimal(threshold),
    }


def _balance(document: RunDocument) -> dict[str, Any]:
    balance = balances.balance_in(document)
    differences: dict[bool, list[int]] = {False: [], True: []}
    for essay in balance.essays:
        differences[essay.is_anchor].append(essay.difference)
    return {
        "balance": _safe([balance_chart(differences[False], differences[True])])[0],
        "balance_rows": balances.balance_rows(balance),
        "balance_words": f"{balances.anchor_words(balance)} {balances.overall_words(balance)}",
    }


def _names(document: RunDocument) -> dict[str, str]:
    return short_names([file["name"] for file in document["inputs"]["files"]])


def _setting(settings: Mapping[str, Any], name: str) -> float | None:
    """A numeric setting by name, whatever its case and the section it stands in."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found = _setting(value, name)
            if found is not None:
                return found
        elif key.upper() == name and isinstance(value, int | float):
            return float(value)
    return None


def _safe(pictures: Iterable[str]) -> list[SafeString]:
    # The chart modules escape every word they are given; this is the only unescaped way in.
    return [mark_safe(picture) for picture in pictures]  # noqa: S308
