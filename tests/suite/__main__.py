"""One batch against a profile of the emulator, and what must hold of it: `make suite`."""

import argparse
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.suite.invariants import Check
from tests.suite.runs import STACKS, play
from tests.suite.scenarios import SCENARIOS

WRONG, BAD_USAGE = 1, 2
ALL = "all"


def main() -> int:
    options = _options()
    # Also when started in a shell's background: what was started is to be stopped.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    names = list(SCENARIOS) if options.profile == ALL else [options.profile]
    wrong = [name for name in names if not _holds(name, options.stack, options.keep)]
    if wrong:
        sys.stdout.write(f"\nDoes not hold: {', '.join(wrong)}\n")
    return WRONG if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.suite",
        description=__doc__,
        epilog="Exit codes: 0 everything holds, 1 something does not, 2 bad usage.",
    )
    parser.add_argument(
        "profile",
        metavar="PROFILE",
        type=lambda name: name.replace("_", "-"),
        choices=[*SCENARIOS, ALL],
        help=f"one of {', '.join(SCENARIOS)}; or {ALL}",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what the processes left")
    options = parser.parse_args()
    options.stack = os.environ.get("SUITE_STACK") or "embedded"
    if options.stack not in STACKS:
        parser.error(f"SUITE_STACK is {options.stack!r}: give one of {', '.join(STACKS)}")
    return options


def _holds(name: str, stack: str, keep: Path | None) -> bool:
    scenario = SCENARIOS[name]
    sys.stdout.write(
        f"\n{name}: {scenario.essays} essays, {scenario.mode}, emulator profile "
        f"{scenario.emulated}, {stack}\n"
    )
    sys.stdout.flush()
    try:
        with tempfile.TemporaryDirectory(prefix="essay-judge-suite-") as folder:
            place = (keep / f"{stack}-{name}") if keep else Path(folder) / name
            verdict = play(scenario, stack, place.absolute())
    except KeyboardInterrupt:
        raise
    except BaseException:  # pytest's failures are no Exceptions
        sys.stdout.write(f"did not end\n{traceback.format_exc()}\n")
        return False
    sys.stdout.write(lines(verdict.checks))
    sys.stdout.write(
        f"{len(verdict.checks) - len(verdict.wrong)} of {len(verdict.checks)} hold, "
        f"{verdict.seconds:.1f} s\n"
    )
    if verdict.wrong:
        sys.stdout.write(verdict.told + "\n")
    return not verdict.wrong


def lines(checks: Sequence[Check]) -> str:
    """One for each check: whether it holds, its name, and what was found."""
    width = max(len(check.name) for check in checks)
    return "".join(_line(check, width) for check in checks)


def _line(check: Check, width: int) -> str:
    mark = "ok" if check.holds else "NO"
    wanted = "" if check.holds else f", not {check.expected}"
    return f"  {mark}  {check.name:<{width}}  {check.found}{wanted}\n"


if __name__ == "__main__":
    sys.exit(main())
