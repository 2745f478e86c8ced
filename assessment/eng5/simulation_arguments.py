"""The options of `eng5 simulate`: made-up essays, a made-up judge, and the rules to try."""

from argparse import ArgumentParser
from pathlib import Path

from assessment.eng5.arguments import MODES, add_json_option, at_least, between


def add_simulation_options(parser: ArgumentParser) -> None:
    """Essays and judge to make up, and the rules to try on them."""
    essays = parser.add_argument_group("essays")
    essays.add_argument(
        "--essays", type=at_least(2, 10_000), metavar="N", help="how many (default: 24)"
    )
    essays.add_argument(
        "--true-sd",
        type=between(0.0, 100.0),
        metavar="X",
        help="SD of their true quality, normally distributed (default: 1.5)",
    )
    essays.add_argument(
        "--truth",
        type=Path,
        metavar="FILE.csv",
        help="columns file,grade: these essays' qualities instead, in grade steps",
    )
    essays.add_argument(
        "--grade-scale",
        default="eng5_np_legacy_9_step",
        metavar="NAME|a,b,c",
        help="the scale of the grades in --truth (default: %(default)s)",
    )
    judge = parser.add_argument_group("judge")
    judge.add_argument(
        "--slope",
        type=between(0.0, 1000.0),
        default=1.0,
        metavar="X",
        help="logits per unit of true quality; the higher, the more consistent "
        "(default: %(default)s)",
    )
    judge.add_argument(
        "--bias",
        type=between(-1000.0, 1000.0),
        default=0.0,
        metavar="X",
        help="logits in favour of the essay named first (default: %(default)s)",
    )
    judge.add_argument(
        "--failure-rate",
        type=between(0.0, 1.0),
        default=0.0,
        metavar="X",
        help="share of calls that bring an error (default: %(default)s)",
    )
    rules = parser.add_argument_group("rules (those not named here are the settings in force)")
    rules.add_argument(
        "--pairing-strategy",
        action="append",
        choices=("random", "balanced", "blocks", "adaptive"),
        help="how pairs are chosen; repeat it to compare (default: what a run would use)",
    )
    rules.add_argument(
        "--llm-batching-mode",
        choices=MODES,
        metavar="MODE",
        help=f"one of {', '.join(MODES)} (default: as in the settings)",
    )
    rules.add_argument(
        "--max-comparisons",
        type=at_least(2),
        metavar="N",
        help="most comparisons of a batch (default: as in the settings)",
    )
    rules.add_argument(
        "--judgements-per-pair",
        type=at_least(1, 100),
        default=1,
        metavar="N",
        help="how often a pair may be judged (default: %(default)s)",
    )
    runs = parser.add_argument_group("runs")
    runs.add_argument(
        "--seeds",
        type=at_least(1, 100_000),
        default=20,
        metavar="K",
        help="how many batches of each strategy (default: %(default)s)",
    )
    runs.add_argument(
        "--seed",
        type=at_least(0),
        default=0,
        metavar="N",
        help="seed of the first; the next have the next numbers (default: %(default)s)",
    )
    runs.add_argument(
        "--picture", type=Path, metavar="FILE.svg", help="draw accuracy and texts sent"
    )
    add_json_option(parser, "print the figures of every wave as JSON, and nothing else, on stdout")
