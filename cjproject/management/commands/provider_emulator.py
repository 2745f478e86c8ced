"""`manage.py provider_emulator`: Anthropic and OpenAI on this machine, without a key or a bill."""

import math
import signal
import threading
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessment.intake import EssayFile, InputError, InputErrors, read_folder, read_truth
from assessment.measurement.scales import parse_scale
from llmprovider.emulator import PROFILES, Clock, Emulator
from llmprovider.emulator.profile_tables import profile_table
from llmprovider.providers.latent_quality import (
    DEFAULT_POSITION_BIAS,
    DEFAULT_SEED,
    DEFAULT_SLOPE,
    LatentJudge,
)

FAILED, BAD_USAGE = 1, 2


class Command(BaseCommand):
    help = (
        "Serve the endpoints of Anthropic and OpenAI on this machine, answered by a simulated "
        "judge. Needs no database. Ends on Ctrl-C. Exit codes: 0 stopped, 1 no such port to be "
        "had, 2 bad usage."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=_port, default=8765, help="0 picks a free one (default: %(default)s)"
        )
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to serve on (default: %(default)s)"
        )
        parser.add_argument(
            "--profile",
            choices=PROFILES,
            default="clean",
            help="how the vendor behaves; docs/emulator.md has the numbers (default: %(default)s)",
        )
        parser.add_argument(
            "--truth",
            type=Path,
            metavar="FILE.csv",
            help="columns file,grade: the quality the judge sees (default: features of the text)",
        )
        parser.add_argument(
            "--essays",
            type=Path,
            action="append",
            default=[],
            metavar="DIR",
            help="the essays that --truth grades; may be given several times",
        )
        parser.add_argument(
            "--grade-scale",
            default="eng5_np_legacy_9_step",
            metavar="NAME|a,b,c",
            help="the scale of --truth (default: %(default)s)",
        )
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="N")
        parser.add_argument(
            "--slope",
            type=_positive,
            default=DEFAULT_SLOPE,
            metavar="X",
            help="logits per grade step; 1 is a noisy judge (default: %(default)s)",
        )
        parser.add_argument(
            "--bias",
            type=_finite,
            default=DEFAULT_POSITION_BIAS,
            metavar="X",
            help="logits in favour of the essay named first (default: %(default)s)",
        )
        parser.add_argument(
            "--speed",
            type=_positive,
            default=1.0,
            metavar="X",
            help="how fast the emulator's time runs: waiting, limits per minute and the life of "
            "caches (default: %(default)s)",
        )
        parser.add_argument(
            "--model",
            action="append",
            default=[],
            metavar="NAME",
            help="a further model to serve; may be given several times",
        )
        parser.add_argument(
            "--profiles", action="store_true", help="print the profiles' numbers and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["profiles"]:
            self.stdout.write(profile_table(PROFILES.values()))
            return
        try:
            judge = LatentJudge(
                options["seed"],
                options["slope"],
                options["bias"],
                _truth(options["truth"], options["essays"], options["grade_scale"]),
            )
        except (InputError, InputErrors) as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        try:
            emulator = Emulator(
                options["profile"],
                judge=judge,
                clock=Clock(options["speed"]),
                port=options["port"],
                host=options["host"],
                models=tuple(options["model"]),
            )
        except OSError as error:
            raise CommandError(
                f"Cannot serve on {options['host']}:{options['port']}: {error.strerror}. "
                "Give another --port; 0 picks a free one.",
                returncode=FAILED,
            ) from None
        with _stop_signals() as stopped, emulator:
            self._announce(emulator)
            stopped.wait()
        self.stdout.write(f"Stopped after {len(emulator.calls)} calls.")

    def _announce(self, emulator: Emulator) -> None:
        profile = emulator.state.profile
        lines = [
            f"Emulating Anthropic at {emulator.anthropic_url} and OpenAI at "
            f"{emulator.openai_url}, profile {profile.name}: {profile.summary}",
            "Nothing here costs money. To send the SDKs here:",
            *(f"export {name}={value}" for name, value in emulator.environment.items()),
            "Ctrl-C stops it.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _truth(table: Path | None, folders: list[Path], scale: str) -> dict[str, float] | None:
    """Quality by text hash, as the runner's --mock-truth reads it. Raises InputError(s)."""
    if table is None and not folders:
        return None
    if table is None or not folders:
        raise InputError("--truth and --essays", "go together", "Give both, or neither.")
    try:
        labels = parse_scale(scale).labels
    except ValueError as error:
        raise InputError("--grade-scale", str(error), "See --help.") from None
    files: dict[str, EssayFile] = {}
    for folder in folders:
        for essay in read_folder(folder, "student"):
            other = files.setdefault(essay.name, essay)
            if other is not essay:
                raise InputError(
                    str(essay.path),
                    f'has the same name as "{other.path}"',
                    "Rename one of the two: --truth grades by file name.",
                )
    return read_truth(table, list(files.values()), labels)


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise ArgumentTypeError("must be a number from 0 to 65535")
    return int(text)


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentTypeError("must be a number")
    return value


def _positive(text: str) -> float:
    value = _finite(text)
    if value <= 0:
        raise ArgumentTypeError("must be above 0")
    return value
