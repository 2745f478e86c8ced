"""A comparison of two runs as tables with a few words each, for the terminal and the page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assessment.comparing.efforts import Effort
from assessment.comparing.failures import Failures
from assessment.comparing.rankings import BY_CHANCE
from assessment.comparing.run_pairs import RunPair
from assessment.comparing.verdicts import Share
from assessment.measurement.bootstraps import Measure
from assessment.pairing.balances import Evenness
from assessment.reports.figures import MISSING, count, decimal, money, signed

RUNS = ("run 1", "run 2")


@dataclass(frozen=True)
class Section:
    """One table; `words` explain its figures. Rows are as wide as `head`."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: tuple[str, ...] = ()


def sections(pair: RunPair) -> list[Section]:
    return [
        _runs(pair),
        _configuration(pair),
        _agreement(pair),
        _verdicts(pair),
        _efforts(pair),
        _failures("Failed calls", pair.calls, "of this provider's calls; they may be tried again"),
        _failures(
            "Comparisons without a verdict", pair.comparisons, "of its comparisons, after retries"
        ),
        _positions(pair),
        _tallies(pair),
    ]


def _runs(pair: RunPair) -> Section:
    mock = any(head.mock for head in pair.heads)
    rows = [
        ("label", *(head.label or MISSING for head in pair.heads)),
        ("batch", *(str(head.batch) for head in pair.heads)),
        ("mode", *(head.mode for head in pair.heads)),
        ("pairing strategy", *(head.strategy or MISSING for head in pair.heads)),
        ("judges", *(", ".join(head.judges) for head in pair.heads)),
        ("ended", *(head.status for head in pair.heads)),
        ("because", *(head.stop_reason or MISSING for head in pair.heads)),
    ]
    words = ("A mock judge took part: a simulation, not a language model.",) if mock else ()
    return Section("The runs", ("", *RUNS), rows, words)


def _configuration(pair: RunPair) -> Section:
    rows = [(each.name, *each.words) for each in pair.configuration]
    words = (
        "What follows may come of any of these."
        if rows
        else "Nothing: same essays, judges, instructions, settings and software.",
    )
    return Section("What was set up differently", ("", *RUNS), rows, words)


def _agreement(pair: RunPair) -> Section:
    rows: list[tuple[str, ...]] = []
    for name, found in (("students", pair.students), ("all essays", pair.everybody)):
        rows.append((f"Kendall's tau-b, {name}", str(found.n), *_measure(found.tau_b)))
        rows.append((f"Spearman's rho, {name}", str(found.n), *_measure(found.spearman)))
    if pair.grades:
        rows.append(("same grade", str(pair.grades.n), *_measure(pair.grades.exact)))
        rows.append(("grade within a step", str(pair.grades.n), *_measure(pair.grades.adjacent)))
    scores = pair.scores
    n = str(scores.n)
    rows.append(("mean difference of scores, logits", n, decimal(scores.mean), MISSING))
    rows.append(("the same in standard errors", n, decimal(scores.mean_in_errors), MISSING))
    rows.append(("more than 2 standard errors apart", n, count(scores.far), MISSING))
    words = [
        "The students have the same ranks in both runs."
        if pair.same_ranks
        else "The ranks of the students are not all the same.",
        "1 is the same order, 0 none in common. The interval is a 95 % bootstrap over essays: how "
        "far the figure would move with other essays like these. It does not tell how certain "
        "the scores are.",
        "Differences are without their sign. By chance alone two runs with independent verdicts "
        f"are {decimal(BY_CHANCE)} standard errors apart on average, and 1 essay in 20 by more "
        "than 2.",
    ]
    if scores.largest is not None and scores.largest.difference:
        first, second = scores.largest.scores
        words.append(
            f"Furthest apart: {scores.largest.name}, {signed(first)} and {signed(second)}."
        )
    return Section(
        "Ranks, scores and grades", ("", "n", "value", "95 % interval"), rows, tuple(words)
    )


def _verdicts(pair: RunPair) -> Section:
    found = pair.verdicts
    rows = [
        ("pairs judged in both runs", *_share(found.shared)),
        ("comparisons in the same order", *_share(found.same_order)),
        ("comparisons in opposite orders", *_share(found.other_order)),
    ]
    if found.same_verdicts:
        told = "Both runs judged the same pairs in the same orders, with the same winners."
    elif found.same_comparisons:
        told = "Both runs judged the same pairs in the same orders; some winners differ."
    else:
        told = (
            f"The first run judged {count(found.pairs[0])} pairs, the second "
            f"{count(found.pairs[1])}; they are not the same comparisons."
        )
    words = (
        told,
        "The interval is Wilson's, as if the n were drawn each by itself; verdicts of one call "
        "may hang together, so it may be too narrow.",
    )
    return Section(
        "Winners of the same pairs", ("", "n", "same winner", "95 % interval"), rows, words
    )


def _efforts(pair: RunPair) -> Section:
    def row(name: str, told: Callable[[Effort], str]) -> tuple[str, ...]:
        return (name, *(told(each) for each in pair.efforts))

    rows = [
        row("comparisons with a verdict", lambda e: count(e.comparisons)),
        row("calls", lambda e: count(e.calls)),
        row("batch jobs", lambda e: count(e.jobs)),
        row("calls per comparison", lambda e: decimal(e.each(e.calls), 3)),
        row("input tokens", lambda e: count(e.input_tokens)),
        row("input tokens per comparison", lambda e: decimal(e.each(e.input_tokens), 1)),
        row("output tokens", lambda e: count(e.output_tokens)),
        row("output tokens per comparison", lambda e: decimal(e.each(e.output_tokens), 1)),
        row("of these, reasoning", lambda e: count(e.reasoning_tokens)),
        row("input read from the prompt cache", lambda e: _percent(e.cached)),
        row("cost", _cost),
        row(
            "cost per comparison",
            lambda e: MISSING if e.incomplete else money(e.each(e.usd)),
        ),
        row("time from start to end", lambda e: _seconds(e.seconds)),
        row("median time of a call", lambda e: _seconds(e.call_seconds)),
        row("waves", lambda e: count(e.waves)),
        row("rounds, retries included", lambda e: count(e.rounds)),
    ]
    words = ["Tokens are as billed, failed calls included. A request of a batch job is a call."]
    if any(each.incomplete for each in pair.efforts):
        words.append("The bill of some calls is not known, so the cost is more than told.")
    return Section("What it took", ("", *RUNS), rows, tuple(words))


def _failures(title: str, found: tuple[Failures, Failures], of: str) -> Section:
    kinds = sorted({*found[0].by_kind, *found[1].by_kind})
    rows = [
        (f"{provider} {error}", *(_rate(each, (provider, error)) for each in found))
        for provider, error in kinds
    ]
    words = (f"In brackets the share {of}.",) if rows else ("None in either run.",)
    return Section(title, ("", *RUNS), rows, words)


def _rate(found: Failures, kind: tuple[str, str]) -> str:
    return f"{count(found.by_kind.get(kind, 0))} ({_percent(found.rate(kind))})"


def _positions(pair: RunPair) -> Section:
    rows: list[tuple[str, ...]] = []
    for role in ("anchor", "student"):
        places = [found.places[role] for found in pair.positions]
        rows.append((f"{role}s named first (A)", *(count(first) for first, _ in places)))
        rows.append((f"{role}s named second (B)", *(count(second) for _, second in places)))
    rows += [
        (
            "anchor first, where it met a student",
            *(f"{count(p.anchor_first)} of {count(p.anchor_met)}" for p in pair.positions),
        ),
        ("chi-square of that", *(_evenness(p.anchors) for p in pair.positions)),
        ("chi-square of all essays' places", *(_evenness(p.evenness) for p in pair.positions)),
        (
            "winner was named first",
            *(
                f"{count(p.first_won)} of {count(p.verdicts)} "
                f"({_percent(Share(p.first_won, p.verdicts).value)})"
                for p in pair.positions
            ),
        ),
    ]
    words = (
        "p is how often a fair coin for each comparison would be at least as uneven: below 0.05 is "
        "suspicious, near 1 is what balancing is for.",
        f"Whether the first named wins as often in both runs: {_evenness(pair.first_won)}.",
    )
    return Section("Places", ("", *RUNS), rows, words)


def _tallies(pair: RunPair) -> Section:
    off = False
    rows: list[tuple[str, ...]] = []
    for run, found in zip(RUNS, pair.tallies, strict=True):
        for tally in found:
            off |= not tally.agree
            told = "yes" if tally.agree else "NO"
            rows.append((f"{run}: {tally.name}", count(tally.logged), count(tally.counted), told))
    words = ("Some do not agree: `manage.py cj_doctor` says more." if off else "All agree.",)
    return Section(
        "What was logged, and what the rows come to", ("", "logged", "rows", "agree"), rows, words
    )


def _measure(measure: Measure) -> Iterator[str]:
    yield decimal(measure.value)
    yield _range(measure.low, measure.high)


def _share(share: Share) -> Iterator[str]:
    yield count(share.n)
    yield _percent(share.value)
    low, high = share.interval or (None, None)
    yield f"{_percent(low)} to {_percent(high)}" if share.n else MISSING


def _range(low: float | None, high: float | None) -> str:
    return MISSING if low is None or high is None else f"{decimal(low)} to {decimal(high)}"


def _evenness(found: Evenness | None) -> str:
    if found is None:
        return MISSING
    return f"{decimal(found.chi_square)}, {found.df} df, p {decimal(found.p, 3)}"


def _cost(effort: Effort) -> str:
    if effort.usd is None:
        return "unknown"
    return f"over {money(effort.usd)}" if effort.incomplete else money(effort.usd)


def _percent(share: float | None) -> str:
    return MISSING if share is None else f"{100 * share:.1f} %"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return MISSING
    if seconds < 120:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
