"""PromQL as the tests need it: which metrics an expression reads, and by which labels."""

import json
import re
from typing import Any, Final, NamedTuple

import yaml

from tests.conftest import PROJECT

PROMETHEUS: Final = PROJECT / "deploy" / "prometheus"
RULES: Final[list[dict[str, Any]]] = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
CASES: Final[list[dict[str, Any]]] = yaml.safe_load((PROMETHEUS / "tests.yml").read_text())["tests"]
DASHBOARD: Final[dict[str, Any]] = json.loads(
    (PROJECT / "deploy" / "grafana" / "dashboards" / "essay_judge.json").read_text()
)
PANELS: Final = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


class Selected(NamedTuple):
    """A metric as an expression names it, and what it asks of labels: (label, values)."""

    name: str
    asked: tuple[tuple[str, tuple[str, ...]], ...]


def selected(expression: str) -> list[Selected]:
    """Every metric of the expression, in order."""
    found = []
    pattern = r"\b((?:cj|llm_provider|django)_[a-z_]+|up|ALERTS)\b(?:\{([^}]*)\})?"
    for name, braces in re.findall(pattern, expression):
        asked = re.findall(r'(\w+)\s*(?:=~|!=|!~|=)\s*"([^"]*)"', braces)
        found.append(Selected(name, tuple((label, tuple(w.split("|"))) for label, w in asked)))
    return found


def grouped_by(expression: str) -> set[str]:
    """All labels of its `by (...)` and `on (...)`."""
    lists = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return {label.strip() for one in lists for label in one.split(",") if label.strip()}


def expressions() -> dict[str, str]:
    """Those of all rules and panels, by a name that says where they stand."""
    of_rules = {f"alert {rule['alert']}": rule["expr"] for rule in RULES}
    of_panels = {
        f"panel {panel['title']} {target['refId']}": target["expr"]
        for panel in PANELS
        for target in panel["targets"]
    }
    return of_rules | of_panels
