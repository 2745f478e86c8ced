"""`manage.py cj_fit`: scores, uncertainty and grades from files of decisions. Needs no database."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessment.fitting.analyses import analyse
from assessment.fitting.decisions import read_decisions
from assessment.fitting.documents import Document, fit_document
from assessment.fitting.formats import as_csv, as_json, as_table
from assessment.fitting.labels import read_anchors, read_fixed
from assessment.fitting.plots import as_svg
from assessment.intake import InputError
from assessment.measurement.scales import Scale, parse_scale

BAD_USAGE = 2

FORMATS: dict[str, Callable[[Document], str]] = {"table": as_table, "csv": as_csv, "json": as_json}


class Command(BaseCommand):
    help = (
        "Fit Bradley-Terry scores to decisions from csv files: scores with their errors, "
        "reliability, misfit, judges, and grades where anchors are given. Exit codes: 0 done, "
        "2 bad input."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "decisions",
            nargs="+",
            type=Path,
            metavar="DECISIONS.csv",
            help="columns judge, candidate_chosen, candidate_not_chosen; or essay_a, essay_b, "
            "winner (essay_a, essay_b, tie or a name) and judge; several files are fitted "
            "together; rows of one correlation_id are one decision",
        )
        parser.add_argument(
            "--anchors", type=Path, metavar="FILE", help="csv with item and grade: known grades"
        )
        parser.add_argument(
            "--grade-scale",
            default="eng5_np_legacy_9_step",
            metavar="NAME|a,b,c",
            help="a named scale, or labels from lowest to highest (default: %(default)s)",
        )
        parser.add_argument(
            "--fix", type=Path, metavar="FILE", help="csv with item and score: known scores, logits"
        )
        parser.add_argument(
            "--exclude-judge",
            action="append",
            default=[],
            metavar="NAME",
            help="leave out this judge's decisions (may be given several times)",
        )
        parser.add_argument(
            "--format",
            choices=FORMATS,
            default="table",
            help="table: to read; csv: one line for each item; json: everything (default: table)",
        )
        parser.add_argument(
            "--plot", type=Path, metavar="FILE.svg", help="draw the scores and their intervals"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Namespace(**options)
        try:
            document = _fitted(asked)
            if asked.plot:
                _write(asked.plot, as_svg(document))
        except InputError as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        self.stdout.write(FORMATS[asked.format](document))


def _fitted(asked: Namespace) -> Document:
    scale = _scale(asked.grade_scale)
    if asked.plot and not asked.plot.absolute().parent.is_dir():
        raise InputError(str(asked.plot), "is in no folder", "Name a file in a folder that exists.")
    decisions = read_decisions(asked.decisions).without_judges(asked.exclude_judge)
    anchors = read_anchors(asked.anchors, decisions.items, scale) if asked.anchors else {}
    fixed = read_fixed(asked.fix, decisions.items) if asked.fix else {}
    return fit_document(analyse(decisions, anchors, scale, fixed))


def _scale(text: str) -> Scale:
    try:
        return parse_scale(text)
    except ValueError as error:
        raise InputError("--grade-scale", str(error), "See --help.") from None


def _write(path: Path, picture: str) -> None:
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError:
        raise InputError(
            str(path), "cannot be written", "Name a file that you may write, with --plot."
        ) from None
