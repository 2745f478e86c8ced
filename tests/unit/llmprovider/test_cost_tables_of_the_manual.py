"""The tables of docs/costs.md are what the code gives, and they hold what issue 5 asks."""

import importlib.util
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location(
        "benchmarks_tokens", PROJECT / "benchmarks" / "tokens.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_they_are_true_to_the_code(benchmark) -> None:
    """When this fails, run `python benchmarks/tokens.py --write` and read what has changed."""
    text = benchmark.DOCUMENT.read_text(encoding="utf-8")
    assert benchmark.with_tables(text) == text


@pytest.mark.parametrize("words", [250, 500, 1000])
def test_bundles_send_a_quarter_of_the_tokens_at_most(benchmark, words) -> None:
    """Issue 5: 24 essays, all pairs in 5 calls: 0.25; 96 essays in blocks of 8: 0.22."""
    single, everything, blocks, _ = (
        benchmark.estimated(packing, words, benchmark.JUDGES[0]) for packing in benchmark.packings()
    )
    assert (single.calls, everything.calls, blocks.calls) == (276, 5, 12)
    each = single.input_tokens / single.comparisons
    assert everything.input_tokens / everything.comparisons <= 0.25 * each
    assert blocks.input_tokens / blocks.comparisons <= 0.22 * each
