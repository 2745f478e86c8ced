"""The runner's options, the same for planning and for executing."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

from assessment.modes import ALIASES, LLMBatchingMode

LARGEST = 2**63 - 1
MODES = [mode.value for mode in LLMBatchingMode] + list(ALIASES)


def at_least(lowest: int, highest: int = LARGEST) -> Callable[[str], int]:
    """An argparse type: an integer from `lowest` to `highest`, which fits a database column."""

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < lowest:
            raise ArgumentTypeError(f"{value} is too small: give at least {lowest}")
        if value > highest:
            raise ArgumentTypeError(f"{value} is too large: give at most {highest}")
        return value

    return number


def between(lowest: float, highest: float) -> Callable[[str], float]:
    """An argparse type: a number from `lowest` to `highest`."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is not a number") from None
        if not lowest <= value <= highest:
            raise ArgumentTypeError(f"{text} is not from {lowest:g} to {highest:g}")
        return value

    return number


def add_input_options(parser: ArgumentParser) -> None:
    """Essays, instructions, judges, budget: what a run is."""
    essays = parser.add_argument_group("essays")
    essays.add_argument(
        "--students",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with the students' essays (.txt .md .docx .pdf)",
    )
    essays.add_argument(
        "--anchors",
        type=Path,
        metavar="DIR",
        help="folder with essays of known grade; they hold the grade scale",
    )
    essays.add_argument(
        "--grades",
        type=Path,
        metavar="FILE.csv",
        help="columns file,grade: the anchors' grades (and students', to check "
        "against). Default: the file name after its last underscore",
    )
    essays.add_argument(
        "--grade-scale",
        default="eng5_np_legacy_9_step",
        metavar="NAME|a,b,c",
        help="a named scale, or labels from lowest to highest (default: %(default)s)",
    )
    words = parser.add_argument_group("instructions")
    words.add_argument("--task", type=Path, metavar="FILE", help="the task the writers were given")
    words.add_argument("--rubric", type=Path, metavar="FILE", help="the criteria of judging")
    words.add_argument(
        "--system-prompt", type=Path, metavar="FILE", help="replaces the judge's built-in role"
    )
    judges = parser.add_argument_group("judges")
    judges.add_argument("--provider", help="mock, anthropic or openai")
    judges.add_argument("--model", help="the provider's name of the model")
    judges.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="PROVIDER:MODEL",
        help="a judge; repeat it for several, which share the pairs evenly",
    )
    judges.add_argument("--temperature", type=float)
    judges.add_argument(
        "--max-tokens",
        type=at_least(1),
        metavar="N",
        help="most output tokens of one call (default: enough for its comparisons)",
    )
    mock = parser.add_argument_group("mock judge")
    mock.add_argument(
        "--mock-truth",
        type=Path,
        metavar="FILE.csv",
        help="columns file,grade: the quality the mock judge sees (default: features of the text)",
    )
    mock.add_argument("--mock-seed", type=at_least(0), default=0, metavar="N")
    mock.add_argument(
        "--mock-slope",
        type=float,
        default=4.0,
        metavar="X",
        help="logits per grade step; 1 is a noisy judge (default: %(default)s)",
    )
    mock.add_argument(
        "--mock-bias",
        type=float,
        default=0.0,
        metavar="X",
        help="logits in favour of the essay named first (default: %(default)s)",
    )
    budget = parser.add_argument_group("budget and mode")
    budget.add_argument(
        "--max-comparisons",
        type=at_least(2),
        metavar="N",
        help="most comparisons; scores that no longer change may end it sooner",
    )
    budget.add_argument(
        "--llm-batching-mode",
        choices=MODES,
        metavar="MODE",
        help=f"one of {', '.join(MODES)} (default: serial_bundle)",
    )
    budget.add_argument(
        "--pairing-strategy",
        choices=("balanced", "blocks", "adaptive"),
        help="how the next pairs are chosen: least compared first, blocks that share a call, or "
        "where a comparison tells most (default: blocks in serial_bundle, else balanced)",
    )
    budget.add_argument(
        "--judgements-per-pair",
        type=at_least(1),
        default=1,
        metavar="N",
        help="how often a pair may be judged; 2 shows it in both orders (default: %(default)s)",
    )
    budget.add_argument(
        "--seed",
        type=at_least(0),
        metavar="N",
        help="same seed, same pairs (default: drawn, and stored with the run)",
    )


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


def add_run_options(parser: ArgumentParser) -> None:
    """Where a run goes and what it prints."""
    parser.add_argument("--label", default="", help="a name to find the run by")
    add_output_option(parser)
    add_json_option(parser)


def add_json_option(
    parser: ArgumentParser,
    words: str = "print batch, cost and warnings as JSON, and nothing else, on stdout",
) -> None:
    parser.add_argument("--json", action="store_true", help=words)


def add_output_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the run's folder (default: the run's own, or runs/ and the label or the date)",
    )
