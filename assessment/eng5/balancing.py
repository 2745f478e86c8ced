"""`eng5 balance`: how evenly a batch's essays were named first (A) and second (B)."""

import json
from argparse import Namespace
from typing import Any

from assessment.eng5.batches import find_batch
from assessment.eng5.running import Output, require_tables
from assessment.eng5.tables import write_table
from assessment.models import Batch, ComparisonPair
from assessment.pairing.balances import Balance, Evenness, balance_of
from assessment.reports.balances import anchor_words, balance_rows, overall_words

# As the pair generator counts: what failed or was withdrawn has no verdict.
SEEN = (ComparisonPair.Status.PENDING, ComparisonPair.Status.SUCCEEDED)


def balance(options: Namespace, out: Output, err: Output) -> bool:
    """Print the counts of a batch in any state, and what they mean."""
    require_tables()
    batch = find_batch(options.batch)
    found = balance_in_batch(batch)
    if options.json:
        out.write(json.dumps(_document(batch, found), indent=1, ensure_ascii=False))
        return True
    out.write(
        f"Batch {batch.pk}: {batch.status}, {found.comparisons} comparisons shown or on their way"
    )
    names = ("essay", "role", "A", "B", "A - B")
    write_table(names, [tuple(row.values()) for row in balance_rows(found)], out)
    out.write("A: named first, B: named second; failed and withdrawn comparisons are left out.")
    out.write(overall_words(found))
    out.write(anchor_words(found))
    out.write(
        "p is how often a fair coin for each pair would be at least as uneven: below 0.05 is "
        "suspicious, near 1 is what balancing is for."
    )
    return True


def balance_in_batch(batch: Batch) -> Balance:
    essays = list(batch.essays.defer("text").order_by("position"))
    rows = list(
        batch.pairs.filter(status__in=SEEN).values_list("essay_a__position", "essay_b__position")
    )
    return balance_of(
        [essay.name for essay in essays],
        [essay.is_anchor for essay in essays],
        [first for first, _ in rows],
        [second for _, second in rows],
    )


def _document(batch: Batch, found: Balance) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "label": batch.label,
        "status": batch.status,
        "comparisons": found.comparisons,
        "worst_difference": found.worst,
        "overall": _test(found.overall),
        "anchors_against_students": {
            "comparisons": found.anchor_met,
            "anchor_first": found.anchor_first,
            "test": _test(found.anchors),
        },
        "essays": [
            {
                "essay": essay.name,
                "role": "anchor" if essay.is_anchor else "student",
                "essay_a_count": essay.first,
                "essay_b_count": essay.second,
            }
            for essay in found.essays
        ],
    }


def _test(found: Evenness | None) -> dict[str, float | int] | None:
    if found is None:
        return None
    return {"chi_square": found.chi_square, "df": found.df, "p": found.p}
