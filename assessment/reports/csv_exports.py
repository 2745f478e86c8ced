"""The run's tables as CSV, for a spreadsheet.

A cell that a spreadsheet would take for a formula gets a leading apostrophe (OWASP, "CSV
Injection"), and so does what follows a semicolon, tab or line break inside a cell: a spreadsheet
whose language separates columns otherwise makes a cell of it. Real numbers, a negative score among
them, are left as they are.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from assessment.reports.schema import RunDocument

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FORMULA_INSIDE = re.compile(r"([;\t\r\n]\s*)(?=[=+@-])")

COMPARISON_COLUMNS = (
    "correlation_id",
    "wave",
    "essay_a",
    "essay_b",
    "winner",
    "confidence",
    "justification",
    "provider",
    "model",
    "error_code",
    "error_type",
    "error_message",
)
RESULT_COLUMNS = (
    "essay",
    "role",
    "rank",
    "score",
    "se",
    "comparisons",
    "wins",
    "grade",
    "grade_probability",
    "grade_confidence",
    "beyond",
    "known_grade",
    "essay_a_count",
    "essay_b_count",
    "infit",
    "outfit",
    "eps_theta",
    "eps_se",
    "component",
    "review",
    "warning_signs",
)


def comparisons_csv(document: RunDocument) -> str:
    """One line per comparison, in the document's order, under `COMPARISON_COLUMNS`."""
    rows = []
    for comparison in document["comparisons"]:
        error = comparison["error"] or {}
        flat = {
            **comparison,
            "error_code": error.get("code"),
            "error_type": error.get("error_type"),
            "error_message": error.get("message"),
        }
        rows.append([flat[column] for column in COMPARISON_COLUMNS])
    return csv_text(COMPARISON_COLUMNS, rows)


def results_csv(document: RunDocument) -> str:
    """One line per essay under `RESULT_COLUMNS`, then one column per grade of the scale.

    The grade columns (`p_<label>`, lowest grade first) hold the grade probabilities, 0 to 1;
    `score` and `se` are in logits. `review` and `warning_signs` hold codes separated by blanks.
    """
    labels = [str(label) for label in document["inputs"]["grade_scale"]]
    rows = []
    for result in document["results"]:
        probabilities = result["grade_probabilities"] or {}
        flat = {
            **result,
            "grade_probability": probabilities.get(result["grade"]),
            "review": " ".join(result.get("review") or ()),
            "warning_signs": " ".join(sign["code"] for sign in result.get("warning_signs") or ()),
        }
        rows.append(
            # Runs recorded by earlier versions have no misfit.
            [flat.get(column) for column in RESULT_COLUMNS]
            + [probabilities.get(label) for label in labels]
        )
    return csv_text([*RESULT_COLUMNS, *(f"p_{label}" for label in labels)], rows)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A csv text with CRLF lines, every cell guarded; None is an empty cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    # A file name that is not valid UTF-8 reaches us with lone surrogates, which no file can hold.
    text = str(value).encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    inside = text.lstrip()
    text = text[: len(text) - len(inside)] + _FORMULA_INSIDE.sub(r"\1'", inside)
    # Some spreadsheets trim leading blanks before they look for a formula.
    if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS):
        return f"'{text}"
    return text
