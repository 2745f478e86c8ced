"""`manage.py eng5`: the exam runner. Plans, executes, resumes, checks and simulates runs."""

import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError

from assessment.eng5 import arguments, balancing, comparing, costs, running, simulating
from assessment.eng5.bad_options import BadOption
from assessment.eng5.batches import NoSuchBatch
from assessment.eng5.brief_parsers import BriefParser
from assessment.eng5.run_folders import FolderTaken, NotWritten
from assessment.eng5.simulation_arguments import add_simulation_options
from assessment.intake import InputError
from assessment.lifecycle.creating.specs import BatchRefused
from cjproject.databases import DOES_NOT_SERVE, does_not_serve
from cjproject.environments import misspelling_words, misspelt

FAILED, BAD_USAGE = 1, 2


class Command(BaseCommand):
    help = (
        "Judge essays by comparing them in pairs. Exit codes: 0 done, 1 failed, interrupted or "
        "partial, 2 bad usage (nothing was started)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(
            dest="action", required=True, metavar="COMMAND", parser_class=BriefParser
        )
        plan = commands.add_parser("plan", help="what a run takes at most; judges nothing")
        arguments.add_input_options(plan)
        arguments.add_json_option(plan)
        execute = commands.add_parser("execute", help="judge the essays and write the report")
        arguments.add_input_options(execute)
        arguments.add_run_options(execute)
        execute.add_argument(
            "--resume",
            action="store_true",
            help="continue the run of this folder or label, if there is one",
        )
        for name, words in (
            ("resume", "continue a run that was interrupted"),
            ("watch", "follow a run to its end from another process, such as a detached one"),
            ("status", "how far one run is, or the latest runs"),
            ("report", "write a run's documents again"),
            ("cancel", "end a run; what is judged stays on record"),
            ("balance", "how evenly a run's essays were named first and second"),
        ):
            self._add_batch_command(commands.add_parser(name, help=words), name)
        costs_of = commands.add_parser("costs", help="what a run, or all runs of late, cost")
        arguments.add_cost_options(costs_of)
        compare = commands.add_parser(
            "compare", help="two runs on the same essays: verdicts, ranks, errors, cost, time"
        )
        arguments.add_compare_options(compare)
        simulate = commands.add_parser(
            "simulate", help="what a way of working costs and buys, with made-up essays"
        )
        add_simulation_options(simulate)

    @staticmethod
    def _add_batch_command(parser: ArgumentParser, name: str) -> None:
        parser.add_argument(
            "batch",
            metavar="BATCH",
            nargs="?" if name == "status" else None,
            help="id, label or folder of the run",
        )
        if name == "report":
            arguments.add_output_option(parser)
        if name == "balance":
            arguments.add_json_option(parser, "print counts and tests as JSON, and nothing else")
        else:
            arguments.add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        _quieten()
        for name, nearest in misspelt():
            self.stderr.write(f"Warning: {misspelling_words(name, nearest)}")
        asked = Namespace(**options)
        action = {
            "plan": running.plan,
            "execute": running.execute,
            "resume": running.resume,
            "watch": running.resume,
            "status": running.status,
            "report": running.report,
            "cancel": running.cancel_run,
            "balance": balancing.balance,
            "costs": costs.costs,
            "compare": comparing.compare,
            "simulate": simulating.simulate,
        }[asked.action]
        try:
            done = action(asked, self.stdout, self.stderr)
        except ValidationError as error:
            _refuse("\n".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors()))
        except BatchRefused as error:
            _refuse(f"{_OPTIONS.get(error.field, error.field)}: {error.problem}")
        except (InputError, NoSuchBatch, FolderTaken, BadOption) as error:
            _refuse(str(error))
        except NotWritten as error:
            raise CommandError(str(error), returncode=FAILED) from None
        except DOES_NOT_SERVE as error:
            raise CommandError(
                f"{does_not_serve(error)}. What it has stored is kept; "
                "`manage.py eng5 status` lists the runs once the database serves",
                returncode=FAILED,
            ) from None
        except BrokenPipeError:
            # Whoever read the output has seen enough (`| head`); nothing is left to flush at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted before anything was judged", returncode=FAILED
            ) from None
        if not done:
            sys.exit(FAILED)


def _quieten() -> None:
    """Leave the terminal to the progress bar, unless the log is asked for.

    In the settings as well, because the worker's start configures logging from them again.
    """
    if not os.environ.get("LOG_LEVEL"):
        for name in ("assessment", "llmprovider", "cjproject"):
            settings.LOGGING["loggers"][name]["level"] = "WARNING"
            logging.getLogger(name).setLevel(logging.WARNING)


# The field of a refused batch, as the command line calls it.
_OPTIONS = {
    "judges": "--provider/--judge",
    "max_comparisons_override": "--max-comparisons",
    "money_cap_usd": "--money-cap",
    "batch_fill": "--batch-fill",
    "temperature": "--temperature",
    "max_tokens": "--max-tokens",
    "reasoning_effort": "--reasoning-effort",
    "output_verbosity": "--output-verbosity",
    "label": "--label",
    "essays": "essays",
    "grade_scale": "--grade-scale",
}


def _place(location: tuple[int | str, ...]) -> str:
    return "--" + str(location[-1]).replace("_", "-") if location else "options"


def _refuse(message: str) -> NoReturn:
    raise CommandError(message, returncode=BAD_USAGE)
