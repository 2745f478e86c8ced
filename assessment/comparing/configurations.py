"""What two runs were asked to do, and where that differs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assessment.comparing.essays import SharedEssay, file_by_name
from assessment.reports.schema import RunDocument

# Of the batch's summary: what was asked for. The rest is what came of it.
ASKED = ("llm_batching_mode", "pairing_strategy", "judges", "mock", "total_budget")
LONGEST = 60


@dataclass(frozen=True)
class Difference:
    """An entry of the configuration with the value in either run; None where it has none."""

    name: str
    values: tuple[Any, Any]

    @property
    def words(self) -> tuple[str, str]:
        return _words(self.values[0]), _words(self.values[1])


def differences(
    one: RunDocument, other: RunDocument, essays: Sequence[SharedEssay]
) -> list[Difference]:
    """Where the two runs were set up differently, by name; empty when it is one configuration.

    Instructions are compared by their hash, versions of the software where both runs tell them.
    """
    mine, theirs = _configuration(one), _configuration(other)
    if one["versions"] and other["versions"]:
        mine |= _versions(one)
        theirs |= _versions(other)
    found = [
        Difference(name, (mine.get(name), theirs.get(name)))
        for name in sorted({*mine, *theirs})
        if mine.get(name) != theirs.get(name)
    ]
    return found + _known_grades(one, other, essays)


def _configuration(document: RunDocument) -> dict[str, Any]:
    inputs = document["inputs"]
    sources = {
        name: (inputs.get(name) or {}).get("sha256")
        for name in ("task", "rubric", "system_prompt", "mock_truth")
    }
    return {
        **{name: document["batch"].get(name) for name in ASKED},
        **{f"{name} (sha256)": value for name, value in sources.items()},
        "grade_scale": inputs["grade_scale"],
        **dict(_flat(document["settings"])),
    }


def _versions(document: RunDocument) -> dict[str, Any]:
    return {f"version of {name}": value for name, value in document["versions"].items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _known_grades(
    one: RunDocument, other: RunDocument, essays: Sequence[SharedEssay]
) -> list[Difference]:
    mine, theirs = file_by_name(one), file_by_name(other)
    return [
        Difference(f"known grade of {essay.names[0]}", grades)
        for essay in essays
        if len(
            set(
                grades := (
                    mine[essay.names[0]]["known_grade"],
                    theirs[essay.names[1]]["known_grade"],
                )
            )
        )
        > 1
    ]


def _words(value: Any) -> str:
    if value is None:
        return "–"
    told = value if isinstance(value, str) else _judges(value)
    if told is None:
        told = json.dumps(value, ensure_ascii=False)
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _judges(value: Any) -> str | None:
    """A list of judges as they are named elsewhere; None for any other value."""
    if not isinstance(value, Sequence) or not value:
        return None
    if not all(isinstance(one, Mapping) and set(one) == {"provider", "model"} for one in value):
        return None
    return ", ".join(f"{one['provider']}:{one['model']}" for one in value)
