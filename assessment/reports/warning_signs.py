"""Texts with signs that they were written to sway the judge: who, and what was found.

Runs recorded before such signs were looked for have none.
"""

from collections.abc import Mapping
from typing import Any

from assessment.reports.figures import count, plural
from assessment.reports.schema import RunDocument

Row = dict[str, Any]
MOST_TEXTS = 40


def sign_rows(document: RunDocument) -> list[Row]:
    """Texts with signs, students first, at most `MOST_TEXTS`; what was found, in plain words."""
    return [
        {
            "name": result["essay"],
            "role": result["role"],
            "signs": [
                {"words": sign["words"], "times": _times(sign["count"])}
                for sign in result["warning_signs"]
            ],
        }
        for result in _with_signs(document)[:MOST_TEXTS]
    ]


def rest_words(document: RunDocument) -> str:
    """How many more there are than the table shows."""
    more = len(_with_signs(document)) - MOST_TEXTS
    if more <= 0:
        return ""
    return (
        f"{plural(more, 'more is', 'more are')} marked in the column warning_signs of results.csv."
    )


def marked(result: Mapping[str, Any]) -> bool:
    """Whether a person should read this text."""
    return bool(result.get("warning_signs"))


def _with_signs(document: RunDocument) -> list[Mapping[str, Any]]:
    found = [result for result in document["results"] if marked(result)]
    return sorted(found, key=lambda result: (result["role"] != "student", result["essay"]))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{count(number)} times"
