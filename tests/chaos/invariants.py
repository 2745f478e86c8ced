"""What must hold at the end of a run, whatever was broken on the way."""

from typing import Any

from tests.chaos.grounds import COMPARISONS, Ground

Fingerprint = tuple[object, ...]

# What each question must find, as the rows of one column.
QUESTIONS: dict[str, tuple[str, object]] = {
    "status": ("SELECT status FROM assessment_batch", "COMPLETED"),
    "submitted": ("SELECT submitted FROM assessment_batch", COMPARISONS),
    "completed": ("SELECT completed FROM assessment_batch", COMPARISONS),
    "failed": ("SELECT failed FROM assessment_batch", 0),
    "pairs": ("SELECT count(*) FROM assessment_comparisonpair", COMPARISONS),
    "pairs with a winner": (
        "SELECT count(*) FROM assessment_comparisonpair WHERE status = 'succeeded'",
        COMPARISONS,
    ),
    "unordered pairs": (
        "SELECT count(*) FROM (SELECT DISTINCT "
        "CASE WHEN essay_a_id < essay_b_id THEN essay_a_id ELSE essay_b_id END AS low, "
        "CASE WHEN essay_a_id < essay_b_id THEN essay_b_id ELSE essay_a_id END AS high "
        "FROM assessment_comparisonpair) AS met",
        COMPARISONS,
    ),
    "pairs recorded": (
        "SELECT count(DISTINCT pair_id) FROM assessment_pairattempt WHERE outcome = 'recorded'",
        COMPARISONS,
    ),
    "attempts recorded": (
        "SELECT count(*) FROM assessment_pairattempt WHERE outcome = 'recorded'",
        COMPARISONS,
    ),
    "attempts still waiting": (
        "SELECT count(*) FROM assessment_pairattempt WHERE outcome = 'waiting'",
        0,
    ),
    "results never delivered": (
        "SELECT count(*) FROM llmprovider_queueitem WHERE delivered_at IS NULL",
        0,
    ),
    "events": ("SELECT kind FROM assessment_outgoingevent", "batch.completed"),
}


def violations(ground: Ground, repeats: int) -> list[str]:
    """What does not hold, in words; empty when all is well.

    `repeats`: most calls that the provider may have answered a second time.
    """
    found = [
        f"{name}: {rows}, not {expected!r}"
        for name, (query, expected) in QUESTIONS.items()
        if (rows := [row[0] for row in ground.rows(query)]) != [expected]
    ]
    seen = ground.seen()
    if seen.comparisons != COMPARISONS:
        found.append(f"the provider answered {seen.comparisons} comparisons")
    if seen.repeated_calls > repeats:
        found.append(f"{seen.repeated_calls} calls were repeated, at most {repeats} may be")
    document = ground.document()
    if document["batch"]["status"] != "COMPLETED" or len(document["comparisons"]) != COMPARISONS:
        found.append("run.json does not show the completed run")
    missing = {"report.html", "results.csv", "comparisons.csv"} - {
        path.name for path in ground.output.iterdir()
    }
    if missing:
        found.append(f"the run's folder lacks {sorted(missing)}")
    return found + ground.deadlocks()


def fingerprint(document: dict[str, Any]) -> Fingerprint:
    """Who met whom in which order, who won, and every score: the same for one seed, always."""
    judgements = sorted(
        (row["wave"], row["essay_a"], row["essay_b"], row["winner"])
        for row in document["comparisons"]
    )
    scores = sorted((row["essay"], round(row["score"], 6)) for row in document["results"])
    return (*judgements, *scores)
