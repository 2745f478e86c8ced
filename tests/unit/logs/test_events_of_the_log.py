"""docs/logs.md names every event that the code tells of, and no other."""

import ast
import re
from collections.abc import Iterator

from tests.conftest import PROJECT
from tests.unit.project.sources import modules, name_of, tree_of

# By one function for three of them: assessment/outbox/delivering.py
OF_DELIVERIES = {"event_delivered", "event_not_delivered", "event_given_up"}
CALLS = {"log", "logger"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in modules("assessment", "llmprovider", "cjproject"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                yield name_of(path), node


def told() -> set[str]:
    events = set()
    for _, call in calls():
        if isinstance(call.func, ast.Name) and call.func.id == "tell":
            event = call.args[2]
            if isinstance(event, ast.Constant):
                events.add(str(event.value))
    return events


def test_each_event_stands_in_the_document() -> None:
    written = (PROJECT / "docs" / "logs.md").read_text(encoding="utf-8")
    table = written.split("## Events", 1)[1].split("\n## ", 1)[0]
    named = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])
    }
    assert named == told() | OF_DELIVERIES


def test_an_event_has_one_word_form_and_lines_have_events() -> None:
    """A line without one cannot be looked for; only what is said at the start has none."""
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", event) for event in told())
    plain = {
        name
        for name, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in CALLS
    }
    assert plain <= {"llmprovider/apps.py"}
