"""Groups of essays that met, directly or through others: there is no common scale beyond one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from assessment.reports.figures import count, plural
from assessment.reports.schema import RunDocument

Result = Mapping[str, Any]


def groups_of(document: RunDocument) -> list[list[Result]]:
    """The results of essays that were compared, by group, the largest group first.

    Runs recorded by earlier versions say of no essay where it belongs: those make one group.
    """
    groups: dict[object, list[Result]] = defaultdict(list)
    for result in document["results"]:
        if result["score"] is not None and result["comparisons"]:
            groups[result.get("component")].append(result)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]["essay"]))


def group_numbers(document: RunDocument) -> dict[str, int]:
    """Essay to the number of its group, from 1; empty where all that were compared met."""
    groups = groups_of(document)
    if len(groups) < 2:
        return {}
    return {result["essay"]: number for number, group in enumerate(groups, 1) for result in group}


def group_words(groups: Sequence[Sequence[Result]]) -> str:
    """What several groups mean for a reader; empty for one."""
    if len(groups) < 2:
        return ""
    sizes = ", ".join(count(len(group)) for group in groups[:8])
    more = f" and {count(len(groups) - 8)} smaller ones" if len(groups) > 8 else ""
    return (
        f"The comparisons fall into {count(len(groups))} groups of essays that never met "
        f"({sizes} essays{more}). A score says where an essay stands in its own group and nothing "
        "about the others, so nobody has a rank, and no boundaries of grades are drawn."
    )


def picture_heading(number: int, groups: Sequence[Sequence[Result]]) -> str:
    """Over the picture of one of several groups; empty where there is one."""
    if len(groups) < 2:
        return ""
    return (
        f"Group {number} of {count(len(groups))}: "
        f"{plural(len(groups[number - 1]), 'essay', 'essays')}"
    )
