"""Rules and dashboards read only metrics, labels and values that this project has.

A misspelt one is an alert that cannot fire, or a panel that is always empty.
"""

import re

import pytest

from assessment.models import Batch
from tests.conftest import PROJECT
from tests.unit.deploy.expressions import DASHBOARD, PANELS, expressions, grouped_by, selected
from tests.unit.metrics.declared import Declared, everything

# Of django-prometheus and of Prometheus itself; which of them there are, the stack's test shows.
OTHERS = {
    "up": {"job"},
    "ALERTS": {"alertstate"},
    "django_http_responses_total_by_status_total": {"status"},
    "django_db_execute_total": set(),
}
KINDS = {"_bucket": {"le"}, "_sum": set(), "_count": set()}
MANUAL = (PROJECT / "docs" / "metrics.md").read_text()


def declared() -> dict[str, Declared]:
    names = {}
    for one in everything():
        suffixes = KINDS if one.kind == "histogram" else [""]
        names |= {one.name + suffix: one for suffix in suffixes}
    return names


def labels_of(name: str) -> set[str]:
    if name in OTHERS:
        return OTHERS[name] | {"job", "instance"}
    suffix = next((end for end in KINDS if name.endswith(end)), "")
    return {*declared()[name].labels, *KINDS.get(suffix, set()), "job", "instance"}


@pytest.mark.parametrize("where", expressions())
def test_its_metrics_and_their_labels_are_declared(where):
    expression = expressions()[where]
    found = selected(expression)
    assert found
    for metric in found:
        assert metric.name in OTHERS or metric.name in declared()
        assert {label for label, _ in metric.asked} <= labels_of(metric.name)
    everywhere = set().union(*(labels_of(metric.name) for metric in found))
    assert grouped_by(expression) <= everywhere


def told_values(name: str, label: str) -> set[str]:
    """The words that the manual gives for a label of this metric."""
    if (name, label) == ("cj_batches", "status"):
        return set(Batch.Status.values)
    same = {"llm_provider_queue_oldest_age_seconds": "llm_provider_queue_depth"}
    (row,) = re.findall(rf"^\| `{same.get(name, name)}` \|.*$", MANUAL, re.M)
    return set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize("where", expressions())
def test_the_values_it_asks_for_are_in_the_manual(where):
    for metric in selected(expressions()[where]):
        if metric.name in OTHERS:
            continue
        for label, values in metric.asked:
            assert set(values) <= told_values(declared()[metric.name].name, label)


def test_the_dashboard_shows_every_metric():
    """Issue 8, item 2"""
    shown = {
        metric.name
        for where, one in expressions().items()
        if where.startswith("panel")
        for metric in selected(one)
    }
    names = {declared()[name].name for name in shown if name in declared()}
    assert names == {one.name for one in everything()}


def test_every_panel_says_what_it_shows_and_reads_the_provisioned_source():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in PANELS:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert {"Batches and decisions", "Queue", "Providers", "Tokens and cost", "Batch jobs"} <= {
        *rows
    }


def test_no_two_panels_lie_over_each_other():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells and max(x for x, _ in cells) < 24
        taken |= cells
