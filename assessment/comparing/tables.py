"""A comparison of two runs as tables with a few words each, for the terminal and the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assessment.comparing.cells import (
    asked_again,
    cost,
    cost_of_each,
    duration,
    evenness,
    measured,
    percentage,
    rate,
    shared,
)
from assessment.comparing.efforts import Effort
from assessment.comparing.failures import Failures
from assessment.comparing.rankings import BY_CHANCE
from assessment.comparing.run_pairs import RunPair
from assessment.comparing.shares import Share
from assessment.comparing.verdicts import VerdictAgreement
from assessment.measurement.bootstraps import FEWEST_FOR_AN_INTERVAL
from assessment.reports.figures import MISSING, count, decimal, signed

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
        _failed_calls(pair),
        _failed_comparisons(pair),
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
        rows.append((f"Kendall's tau-b, {name}", str(found.n), *measured(found.tau_b)))
        rows.append((f"Spearman's rho, {name}", str(found.n), *measured(found.spearman)))
    if pair.grades:
        rows.append(("same grade", *shared(pair.grades.exact)))
        rows.append(("grade within a step", *shared(pair.grades.adjacent)))
    scores = pair.scores
    n = str(scores.n)
    rows.append(("mean difference of scores, logits", n, decimal(scores.mean), MISSING))
    rows.append(("the same in standard errors", n, decimal(scores.mean_in_errors), MISSING))
    rows.append(("more than 2 standard errors apart", n, count(scores.far), MISSING))
    words = [
        _same_ranks(pair),
        "1 is the same order, 0 none in common. The interval of a correlation is a 95 % bootstrap "
        "over essays: how far the figure would move with other essays like these. It does not tell "
        "how certain the scores are.",
    ]
    if pair.grades:
        words.append("The interval of a share of grades is Wilson's.")
    if any(found.lacks_an_interval for found in (pair.students, pair.everybody)):
        words.append(
            f"A correlation of fewer than {FEWEST_FOR_AN_INTERVAL} essays has none, nor has one "
            "that is the same in every sample: it would hold true far less often than 95 % says."
        )
    words.append(
        "Differences are without their sign. By chance alone two runs with independent verdicts "
        f"are at most {decimal(BY_CHANCE)} standard errors apart on average, and at most 1 essay "
        "in 20 by more than 2; less where comparisons are few."
    )
    if scores.largest is not None:
        first, second = (signed(score) for score in scores.largest.scores)
        if first != second:
            words.append(f"Furthest apart: {scores.largest.name}, {first} and {second}.")
    return Section(
        "Ranks, scores and grades", ("", "n", "value", "95 % interval"), rows, tuple(words)
    )


def _same_ranks(pair: RunPair) -> str:
    if pair.same_ranks is None:
        return f"{_lacking(pair.ranked)} ranks of the students."
    if pair.same_ranks:
        return "The students have the same ranks in both runs."
    return "The ranks of the students are not all the same."


def _lacking(have: tuple[int, int]) -> str:
    """Who has none: at least one of them."""
    if not any(have):
        return "Neither run has"
    return "The first run has no" if not have[0] else "The second run has no"


def _verdicts(pair: RunPair) -> Section:
    found = pair.verdicts
    rows = [
        ("pairs judged in both runs", *shared(found.shared)),
        ("comparisons in the same order", *shared(found.same_order)),
        ("comparisons in opposite orders", *shared(found.other_order)),
    ]
    words = (
        _same_verdicts(found),
        "The interval is Wilson's, as if the n were drawn each by itself; verdicts of one call "
        "may hang together, so it may be too narrow.",
    )
    return Section(
        "Winners of the same pairs", ("", "n", "same winner", "95 % interval"), rows, words
    )


def _same_verdicts(found: VerdictAgreement) -> str:
    if found.same_verdicts is None:
        return f"{_lacking(found.pairs)} {'verdict' if any(found.pairs) else 'a verdict'}."
    if found.same_verdicts:
        return "Both runs judged the same pairs in the same orders, with the same winners."
    if found.same_comparisons:
        return "Both runs judged the same pairs in the same orders; some winners differ."
    return (
        f"The first run judged {count(found.pairs[0])} pairs, the second {count(found.pairs[1])}; "
        "they are not the same comparisons."
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
        row("of these, reasoning", lambda e: count(e.reasoning_tokens)),
        row("output tokens per comparison", lambda e: decimal(e.each(e.output_tokens), 1)),
        row("input read from the prompt cache", lambda e: percentage(e.cached)),
        row("cost", cost),
        row("cost per comparison", cost_of_each),
        row("time from start to end", lambda e: duration(e.seconds)),
        row("median time of a call", lambda e: duration(e.call_seconds)),
        row("waves", lambda e: count(e.waves)),
        row("rounds, retries included", lambda e: count(e.rounds)),
    ]
    words = ["Tokens are as billed, failed calls included. A request of a batch job is a call."]
    if any(each.unanswered for each in pair.efforts):
        words.append(
            "The bill of a call without an answer is not known: a range is from what is known to "
            "what such calls may have cost at most."
        )
    if any(each.unpriced for each in pair.efforts):
        words.append(
            "No price is known for some models that answered, so the cost is at least what is told."
        )
    return Section("What it took", ("", *RUNS), rows, tuple(words))


def _failed_calls(pair: RunPair) -> Section:
    rows = _failures(pair.calls)
    words = (
        "In brackets the share of this provider's calls; they may be tried again."
        if rows
        else "No call failed in either run.",
        "A call of several comparisons may bring some and lack others without having failed. "
        "Modes are compared by the comparisons asked again: in brackets their share of all that "
        "were sent.",
    )
    rows.append(("comparisons asked again", *(asked_again(each) for each in pair.efforts)))
    return Section("Failed calls", ("", *RUNS), rows, words)


def _failed_comparisons(pair: RunPair) -> Section:
    rows = _failures(pair.comparisons)
    words = "In brackets the share of its comparisons, after retries."
    return Section(
        "Comparisons without a verdict",
        ("", *RUNS),
        rows,
        (words if rows else "None in either run.",),
    )


def _failures(found: tuple[Failures, Failures]) -> list[tuple[str, ...]]:
    kinds = sorted({*found[0].by_kind, *found[1].by_kind})
    return [
        (f"{provider} {error}", *(rate(each, (provider, error)) for each in found))
        for provider, error in kinds
    ]


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
        ("chi-square of that", *(evenness(p.anchors) for p in pair.positions)),
        ("chi-square of all essays' places", *(evenness(p.evenness) for p in pair.positions)),
        (
            "winner was named first",
            *(
                f"{count(p.first_won)} of {count(p.verdicts)} "
                f"({percentage(Share(p.first_won, p.verdicts).value)})"
                for p in pair.positions
            ),
        ),
    ]
    words = (
        "Comparisons that failed are left out.",
        "p is how often a fair coin for each comparison would be at least as uneven: below 0.05 is "
        "suspicious, near 1 is what balancing is for.",
        f"Whether the first named wins as often in both runs: {evenness(pair.first_won)}.",
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
    words = (
        "Some do not agree: `manage.py cj_doctor` says more, with the database (DATABASE_URL) in "
        "which that run was made."
        if off
        else "All agree.",
    )
    return Section(
        "What was logged, and what the rows come to", ("", "logged", "rows", "agree"), rows, words
    )
