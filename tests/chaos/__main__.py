"""The whole matrix: `python -m tests.chaos --seeds 3`, or `make chaos`. Prints a table."""

import argparse
import signal
import sys
import traceback
from pathlib import Path

from tests.chaos.faults import ALL
from tests.chaos.invariants import Fingerprint
from tests.chaos.scenarios import Verdict, World, play

HEAD = (
    f"{'stack':9}{'fault':22}{'seed':>5}{'seconds':>9}{'calls':>7}{'repeated':>10}"
    f"{'completed/failed':>18}{'events':>8}{'doctor':>8}  ok"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each fault (default: 3)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--only", action="append", choices=ALL, help="a fault; may be repeated")
    parser.add_argument("--stack", choices=("embedded", "servers"), help="default: both")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep every process's output here")
    options = parser.parse_args()
    # Also when started in a shell's background: what was started is to be stopped.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    bad: list[tuple[str, str]] = []
    right: dict[int, Fingerprint] = {}
    sys.stdout.write(HEAD + "\n")
    with World(options.keep) as world:
        for seed in range(options.first, options.first + options.seeds):
            for name in options.only or ALL:
                for stack in ALL[name].stacks:
                    if options.stack in (None, stack):
                        bad += _one(world, stack, name, seed, right)
    for title, words in bad:
        sys.stdout.write(f"\n=== {title}\n{words}\n")
    sys.stdout.write(f"\n{len(bad)} scenarios went wrong\n" if bad else "\nall is well\n")
    return 1 if bad else 0


def _one(
    world: World, stack: str, name: str, seed: int, right: dict[int, Fingerprint]
) -> list[tuple[str, str]]:
    title = f"{stack} {name} seed {seed}"
    try:
        verdict = play(world, stack, ALL[name], seed)
    except KeyboardInterrupt:
        raise
    except BaseException:  # pytest's failures are no Exceptions
        sys.stdout.write(f"{stack:9}{name:22}{seed:5}  did not end\n")
        sys.stdout.flush()
        return [(title, traceback.format_exc())]
    wrong = list(verdict.wrong)
    if verdict.fingerprint != right.setdefault(seed, verdict.fingerprint):
        wrong.append("judgements or scores are not those of the first run with this seed")
    sys.stdout.write(_line(verdict, ok=not wrong) + "\n")
    sys.stdout.flush()
    return [(title, "\n".join(wrong))] if wrong else []


def _line(one: Verdict, *, ok: bool) -> str:
    answered = f"{one.completed}/{one.failed}"
    return (
        f"{one.stack:9}{one.fault:22}{one.seed:5}{one.seconds:9.1f}{one.calls:7}{one.repeated:10}"
        f"{answered:>18}{one.events:8}{one.doctor:8}  {'yes' if ok else 'NO'}"
    )


if __name__ == "__main__":
    sys.exit(main())
