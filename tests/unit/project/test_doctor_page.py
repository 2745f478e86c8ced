"""docs/doctor.md names every check, and no other."""

import re

from cjproject.checkups import CHECKS
from llmprovider.contracts.findings import Severity
from tests.conftest import PROJECT

ROW = re.compile(r"^\| `(\w+)`( \(notice\))? \|", re.MULTILINE)


def test_every_code_is_explained():
    rows = ROW.findall((PROJECT / "docs/doctor.md").read_text())
    explained = {code: bool(notice) for code, notice in rows}
    assert len(explained) == len(rows)
    assert explained == {one.code: one.severity is Severity.NOTICE for one in CHECKS}


def test_every_check_says_what_is_wrong_and_what_can_be_done():
    for one in CHECKS:
        assert one.what and one.remedy and not one.what.endswith(".")
