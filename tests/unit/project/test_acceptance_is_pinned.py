"""Every numbered statement of the acceptance document is named by a test that pins it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ACCEPTANCE = ROOT.parent / "shared" / "ACCEPTANCE.md"
STATEMENT = re.compile(r"^- (P-\d+|T\d+)\b", re.MULTILINE)
NAMED = re.compile(r"\b(P-|T)(\d+)(?:(?:\.\.|–)(?:P-|T)?(\d+))?")


def named() -> set[str]:
    """Numbers that docstrings and comments of the tests cite, ranges spelt out."""
    found = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for kind, first, last in NAMED.findall(path.read_text(encoding="utf-8")):
            found |= {f"{kind}{number}" for number in range(int(first), int(last or first) + 1)}
    return found


def test_no_statement_is_without_a_test() -> None:
    if not ACCEPTANCE.exists():
        pytest.skip("../shared/ACCEPTANCE.md is not here")
    stated = {
        re.sub(r"\d+", lambda digits: str(int(digits[0])), number)
        for number in STATEMENT.findall(ACCEPTANCE.read_text(encoding="utf-8"))
    }
    assert len(stated) > 100
    assert stated - named() == set()


def test_no_test_stands_in_for_a_part_with_an_empty_double() -> None:
    """P-73: a double that agrees to everything hides what the real part refuses."""
    double = re.compile(r"unittest\.mock|MagicMock|mocker\b")
    users = [
        path.relative_to(ROOT)
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__).resolve() and double.search(path.read_text(encoding="utf-8"))
    ]
    assert not users
