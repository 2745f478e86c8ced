"""The runner's options, the same for planning and for executing."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from assessment.modes import ALIASES, LLMBatchingMode
from assessment.pairing.budgets import FEWEST_COMPARISONS
from llmprovider.contracts import BatchFill, judging

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


def dollars(text: str) -> Decimal:
    """An argparse type: an amount of money above 0, to the hundredth of a cent."""
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not an amount in USD") from None
    if not value.is_finite() or not Decimal("0.0001") <= value <= 10_000_000:
        raise ArgumentTypeError(f"{text} is not from 0.0001 to 10000000")
    if value != round(value, 4):
        raise ArgumentTypeError(f"{text} has more than four decimals")
    return value


def add_input_options(parser: ArgumentParser) -> None:
    """Essays, instructions, judges, budget: what a run is."""
    _add_essays(parser)
    _add_instructions(parser)
    _add_judges(parser)
    _add_mock_judge(parser)
    _add_budget(parser)


def _add_essays(parser: ArgumentParser) -> None:
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


def _add_instructions(parser: ArgumentParser) -> None:
    words = parser.add_argument_group("instructions")
    words.add_argument("--task", type=Path, metavar="FILE", help="the task the writers were given")
    words.add_argument("--rubric", type=Path, metavar="FILE", help="the criteria of judging")
    words.add_argument(
        "--system-prompt", type=Path, metavar="FILE", help="replaces the judge's built-in role"
    )


def _add_judges(parser: ArgumentParser) -> None:
    judges = parser.add_argument_group("judges")
    judges.add_argument("--provider", help=f"one of {', '.join(judging.providers())}")
    judges.add_argument("--model", help="the provider's name of the model")
    judges.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="PROVIDER:MODEL",
        help="a judge; repeat it for several, which share the pairs evenly",
    )
    judges.add_argument(
        "--price",
        action="append",
        default=[],
        metavar="[PROVIDER:MODEL=]INPUT/OUTPUT",
        help="USD per million input and output tokens of a judge without a list price, or with "
        "another one, as in 0.20/0.80; repeat it for several judges",
    )
    judges.add_argument(
        "--temperature", type=float, help="where the model takes one: docs/providers.md"
    )
    judges.add_argument(
        "--reasoning-effort",
        metavar="EFFORT",
        help="how much the model thinks, where it takes one: none, low, medium, high, ...",
    )
    judges.add_argument(
        "--output-verbosity",
        metavar="V",
        help="how much the model writes, where it takes one: low, medium or high",
    )
    judges.add_argument(
        "--max-tokens",
        type=at_least(1),
        metavar="N",
        help="most output tokens of one call (default: enough for its comparisons)",
    )


def _add_mock_judge(parser: ArgumentParser) -> None:
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


def _add_budget(parser: ArgumentParser) -> None:
    budget = parser.add_argument_group("budget and mode")
    budget.add_argument(
        "--max-comparisons",
        type=at_least(FEWEST_COMPARISONS),
        metavar="N",
        help="most comparisons; scores that no longer change may end it sooner",
    )
    budget.add_argument(
        "--money-cap",
        type=dollars,
        metavar="USD",
        help="most that the run may cost; checked before each call, so never exceeded",
    )
    budget.add_argument(
        "--llm-batching-mode",
        choices=MODES,
        metavar="MODE",
        help=f"one of {', '.join(MODES)} (default: serial_bundle)",
    )
    budget.add_argument(
        "--batch-fill",
        choices=[fill.value for fill in BatchFill],
        help="in provider_batch_api: one comparison in each request of the job, or many, which "
        "takes fewer tokens (default: as in the settings)",
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


def add_cost_options(parser: ArgumentParser) -> None:
    """Whose costs."""
    parser.add_argument("--batch", metavar="BATCH", help="id, label or folder of a run")
    parser.add_argument(
        "--days", type=at_least(1, 3660), metavar="N", help="all calls of the last N days (7)"
    )
    add_json_option(parser, "print the sums as JSON, and nothing else, on stdout")


def add_compare_options(parser: ArgumentParser) -> None:
    """Which runs, and where to."""
    parser.add_argument(
        "runs", nargs=2, metavar="RUN", help="id, label or folder of a run that has ended"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="write comparison.html and comparison.json here"
    )
    add_json_option(parser, "print the comparison as JSON, and nothing else, on stdout")


def add_run_options(parser: ArgumentParser) -> None:
    """Where a run goes and what it prints."""
    parser.add_argument("--label", default="", help="a name to find the run by")
    parser.add_argument(
        "--detach",
        action="store_true",
        help="return once the run can go on without this command, with its id: in "
        "provider_batch_api when the provider has the jobs, with REDIS_URL at once",
    )
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
