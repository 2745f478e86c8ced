"""What comparisons take and cost by the way they are packed: the tables of docs/costs.md.

    python benchmarks/tokens.py           # print them
    python benchmarks/tokens.py --write   # put them into docs/costs.md

Pairs, bundles and prompts are the real ones; the texts are the samples' sentences, cut and joined
to the length wanted; task and rubric are the samples'. Tokens and prices are likely ones, as `plan`
gives them. For prices the rubric is longer, as vendors cache no short prefix. Nothing is sent.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from uuid import UUID

import django
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
django.setup()

from assessment.modes import LLMBatchingMode  # noqa: E402
from assessment.pairing.plans import WaveRules, next_wave  # noqa: E402
from assessment.pairing.states import PairingState  # noqa: E402
from llmprovider.contracts import (  # noqa: E402
    BatchFill,
    ComparisonRequest,
    Document,
    Instructions,
    Overrides,
    QueueMode,
)
from llmprovider.costs.estimates import Estimate, estimate  # noqa: E402

DOCUMENT = ROOT / "docs" / "costs.md"
WORDS = (250, 500, 1000)
# Of each vendor a cheap and a strong model, called so that it does not reason: a price of reasoning
# would be a guess.
JUDGES = (
    Overrides(provider="anthropic", model="claude-haiku-4-5"),
    Overrides(provider="anthropic", model="claude-opus-4-8"),
    Overrides(provider="openai", model="gpt-6-luna", reasoning_effort="none"),
    Overrides(provider="openai", model="gpt-6.1-sol", reasoning_effort="none"),
)
SEED = 1
# Words more in the rubric, of a length that exam boards write.
LONG_RUBRIC = 1500


@dataclass(frozen=True)
class Packing:
    """A wave of comparisons and how it is packed."""

    name: str
    essays: int
    pairs: list[tuple[int, int, int]]  # first, second, block or -1
    mode: QueueMode


def wave(essays: int, mode: LLMBatchingMode, strategy: str, room: int) -> list[tuple[int, ...]]:
    nothing = np.empty(0, dtype=np.int64)
    state = PairingState(
        n=essays,
        is_anchor=np.zeros(essays, dtype=bool),
        first=nothing,
        second=nothing,
        succeeded=np.empty(0, dtype=bool),
    )
    plan = next_wave(
        state, WaveRules(), mode=mode, strategy=strategy, room=room, seed=SEED, number=1
    )
    return [
        (int(first), int(second), int(group))
        for (first, second), group in zip(plan.pairs, plan.groups, strict=True)
    ]


def packings() -> list[Packing]:
    everything = wave(24, LLMBatchingMode.PROVIDER_BATCH_API, "balanced", 276)
    blocks = wave(96, LLMBatchingMode.SERIAL_BUNDLE, "blocks", 4560)
    rng = np.random.default_rng(SEED)
    apart = [(a, b, -1) for a, b in rng.permutation(128).reshape(64, 2).tolist()]
    return [
        Packing("per_request: a call for each", 24, everything, QueueMode.PER_REQUEST),
        Packing("24 essays, all 276 pairs", 24, everything, QueueMode.BATCH_API),
        Packing("96 essays in blocks of 8", 96, blocks, QueueMode.SERIAL_BUNDLE),
        Packing("64 pairs that share no essay", 128, apart, QueueMode.SERIAL_BUNDLE),
    ]


def words_of(start: int) -> Iterator[str]:
    """The words of the samples from one of them on, over and over."""
    files = sorted((ROOT / "samples" / "students").glob("*.txt"))
    while True:
        for place in range(len(files)):
            yield from files[(start + place) % len(files)].read_text(encoding="utf-8").split(" ")


def text_of(number: int, words: int) -> str:
    """A text of so many words; another `number`, another text."""
    return " ".join(islice(words_of(number), number // 24, number // 24 + words))


def instructions(more_words: int = 0) -> Instructions:
    """The samples', with so many words more in the rubric."""
    task, rubric = (
        (ROOT / "samples" / name).read_text(encoding="utf-8") for name in ("task.md", "rubric.md")
    )
    return Instructions(task=task, rubric=f"{rubric}\n{text_of(0, more_words)}")


def estimated(packing: Packing, words: int, judge: Overrides, more_words: int = 0) -> Estimate:
    essays = [
        Document(id=str(number), text=text_of(number, words)) for number in range(packing.essays)
    ]
    told = instructions(more_words)
    return estimate(
        [
            ComparisonRequest(
                correlation_id=UUID(int=number),
                first=essays[first],
                second=essays[second],
                instructions=told,
                overrides=judge,
                on_results="none",
                queue_mode=packing.mode,
                batch_fill=BatchFill.BUNDLES,
                bundle_group=str(block) if block >= 0 else None,
                batch_key="benchmark",
            )
            for number, (first, second, block) in enumerate(packing.pairs)
        ]
    )


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def head(*names: str) -> list[str]:
    return [row(*names), "|---" + "|--:" * (len(names) - 1) + "|"]


def token_table() -> list[str]:
    lines = head("", "calls", *(f"{words:,} words" for words in WORDS))
    singles = None
    for packing in packings():
        found = [estimated(packing, words, JUDGES[0]) for words in WORDS]
        each = [one.input_tokens / one.comparisons for one in found]
        singles = singles or each
        cells = [
            f"{tokens:,.0f} ({tokens / single:.3f})"
            for tokens, single in zip(each, singles, strict=True)
        ]
        calls = sorted({one.calls for one in found})
        lines.append(
            row(packing.name, " to ".join(map(str, (calls[0], calls[-1])[: len(calls)])), *cells)
        )
    return lines


def price_table() -> list[str]:
    lines = head("USD per 1,000 comparisons", *(f"{words:,} words" for words in WORDS))
    for judge in JUDGES:
        for packing in packings():
            cells = []
            for words in WORDS:
                found = estimated(packing, words, judge, LONG_RUBRIC)
                costs = found.costs
                amounts = [
                    f"{amount * 1000 / found.comparisons:,.3f}" if amount is not None else "?"
                    for amount in (costs.likely, costs.cached, costs.batch)
                ]
                cells.append(" / ".join(amounts))
            lines.append(row(f"{judge.model}, {packing.name}", *cells))
    return lines


def tables() -> dict[str, str]:
    """The tables of the document by the name of their place in it."""
    return {"tokens": "\n".join(token_table()), "prices": "\n".join(price_table())}


def with_tables(text: str) -> str:
    """The document with its tables made anew, each between its two comment lines."""
    for name, table in tables().items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = before + begin + table + end + after
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.name}")
    if parser.parse_args().write:
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print("\n\n".join(tables().values()))


if __name__ == "__main__":
    main()
