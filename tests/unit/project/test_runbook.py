"""docs/runbook.md: a section for every alert and every error_type, and for nothing else."""

import re

import yaml

from llmprovider.contracts import ErrorType
from tests.conftest import PROJECT
from tests.unit.project.documents import anchors

RUNBOOK = PROJECT / "docs" / "runbook.md"
RULES = PROJECT / "deploy" / "prometheus" / "rules.yml"
TEXT = RUNBOOK.read_text(encoding="utf-8")


def alerts() -> dict[str, str]:
    """Name and runbook_url of every rule that alerts."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {
        rule["alert"]: rule["annotations"]["runbook_url"]
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
    }


def sections() -> dict[str, str]:
    """What stands under each third heading of the chapter on alerts."""
    chapter = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    (alerts_chapter,) = [part for part in chapter if part.startswith("Alerts\n")]
    parts = re.split(r"^### (\w+)$", alerts_chapter, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_its_section_with_cause_and_remedy() -> None:
    found = sections()
    assert set(found) == set(alerts())
    for name, section in found.items():
        assert "**Cause" in section, name
        assert "emedy" in section, name


def test_every_alert_links_to_its_section() -> None:
    for name, url in alerts().items():
        page, _, anchor = url.partition("#")
        assert page.endswith("docs/runbook.md"), name
        assert anchor == name.lower() and anchor in anchors(RUNBOOK)


def test_every_error_type_is_explained_and_no_other() -> None:
    table = TEXT.split("| `error_type` |", 1)[1].split("\n\n", 1)[0]
    rows = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines()[2:]]
    explained = [name for row in rows for name in row]
    assert sorted(explained) == sorted(kind.value for kind in ErrorType)
