"""Each alert says how bad it is, what causes it and where its remedy stands; each has tests."""

import re

import pytest

from tests.conftest import PROJECT
from tests.unit.deploy.expressions import CASES, RULES

NAMES = [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_it_tells_severity_cause_and_remedy(rule):
    """T43"""
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_shown_to_fire_and_to_stay_quiet(name):
    """Issue 8, item 2; tests/servers/test_stack_alerts.py has promtool run the cases."""
    asked = [
        test for case in CASES for test in case["alert_rule_test"] if test["alertname"] == name
    ]
    assert {bool(test["exp_alerts"]) for test in asked} == {True, False}
    for test in asked:
        for alert in test["exp_alerts"]:
            assert alert["exp_labels"]["severity"] and alert["exp_annotations"]["summary"]


def test_no_case_is_about_an_alert_that_is_gone():
    assert {test["alertname"] for case in CASES for test in case["alert_rule_test"]} == set(NAMES)


def test_the_names_that_acceptance_asks_for_are_there():
    """T43: oldest queued age, expiries, callbacks, error rate, overdue job, open breaker, cost;
    issue 8 adds orphans and beat."""
    assert {
        "QueueWaitsTooLong",
        "ComparisonsExpire",
        "ResultsNotRecorded",
        "EventsNotDelivered",
        "ProviderErrors",
        "BatchJobOverdue",
        "CircuitOpen",
        "DailyCost",
        "OrphanResults",
        "BeatSilent",
        "TargetDown",
    } <= set(NAMES)


def test_its_section_is_in_the_runbook():
    runbook = PROJECT / "docs" / "runbook.md"
    headings = re.findall(r"^#+ `?(\w+)`?$", runbook.read_text(), re.M)
    assert set(NAMES) <= set(headings)
