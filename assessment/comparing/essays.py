"""The essays that two runs have in common: all of them, or the runs cannot be compared."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assessment.reports.schema import RunDocument

Key = tuple[str, str]


class NotComparable(ValueError):
    """These two runs cannot be compared; the words say why."""


@dataclass(frozen=True)
class SharedEssay:
    """One text as either run names it."""

    names: tuple[str, str]
    is_anchor: bool


def shared_essays(one: RunDocument, other: RunDocument) -> list[SharedEssay]:
    """Every essay of both runs, matched by the sha256 of its text, in the first run's order.

    A text that is there several times is matched in the order of the names. Raises NotComparable
    where a run has a text that the other lacks, or has it in another role.
    """
    mine, theirs = _by_text(one), _by_text(other)
    missing = _surplus(mine, theirs), _surplus(theirs, mine)
    if any(missing):
        raise NotComparable(_words(mine, theirs, missing))
    partner = {
        own: foreign for key in mine for own, foreign in zip(mine[key], theirs[key], strict=True)
    }
    return [
        SharedEssay((file["name"], partner[file["name"]]), file["role"] == "anchor")
        for file in one["inputs"]["files"]
    ]


def _by_text(document: RunDocument) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = defaultdict(list)
    for file in document["inputs"]["files"]:
        found[file["role"], file["sha256"]].append(file["name"])
    return {key: sorted(names) for key, names in found.items()}


def _surplus(having: Mapping[Key, list[str]], lacking: Mapping[Key, list[str]]) -> list[str]:
    """Names of the essays that only the first has."""
    return [name for key, names in having.items() for name in names[len(lacking.get(key, ())) :]]


def _words(
    mine: Mapping[Key, list[str]],
    theirs: Mapping[Key, list[str]],
    missing: tuple[list[str], list[str]],
) -> str:
    if {text for _, text in mine} == {text for _, text in theirs} and len(missing[0]) == len(
        missing[1]
    ):
        return (
            f"the runs have the same texts in other roles: {len(missing[0])} of them are a "
            "student's in one and an anchor in the other"
        )
    return (
        "the runs are not of the same essays (by the hash of their text): "
        f"{_some(missing[0])} only in the first, {_some(missing[1])} only in the second"
    )


def _some(names: list[str]) -> str:
    if not names:
        return "none is"
    shown = ", ".join(repr(name) for name in sorted(names)[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"


def file_by_name(document: RunDocument) -> dict[str, Mapping[str, Any]]:
    return {file["name"]: file for file in document["inputs"]["files"]}
