"""What the documents tell an operator to copy or type is what the files of deploy/ go by."""

import re
from datetime import timedelta

import pytest
import yaml

from llmprovider.queueing.expiries import time_to_live
from tests.conftest import PROJECT
from tests.unit.deploy.expressions import PANELS, PROMETHEUS, RULES
from tests.unit.project.documents import blocks, pages

JOBS = {
    job["job_name"]
    for job in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
}


def asked_for(expression: str) -> set[str]:
    """Jobs that an expression names."""
    return {
        name for words in re.findall(r'job=~?"([^"]*)"', expression) for name in words.split("|")
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_the_jobs_that_an_alert_names_are_scraped(rule):
    assert asked_for(rule["expr"]) <= JOBS


def test_no_page_has_jobs_that_the_alerts_do_not_know():
    """One who copies a page's configuration has every alert."""
    for page in pages():
        for block in blocks(page, "yaml"):
            assert set(re.findall(r"job_name:\s*([\w-]+)", block)) <= JOBS, page
    manual = (PROJECT / "docs" / "metrics.md").read_text()
    assert "deploy/prometheus/prometheus.yml" in manual
    assert all(f"`{name}`" in manual for name in JOBS)


def test_redis_is_asked_where_it_runs():
    """Under compose it is reached from no other machine, and the host need not have its client."""
    for page in pages():
        for before in re.findall(r"(.*)redis-cli ", page.read_text()):
            assert before.endswith("docker compose exec redis "), page


def test_the_runbook_tells_how_long_a_comparison_may_wait():
    """Hours in the queue, and gathered for a provider's job."""
    live, gathered = (time_to_live(route) / timedelta(hours=1) for route in ("live", "job"))
    runbook = (PROJECT / "docs" / "runbook.md").read_text()
    assert live == 4
    assert f"queued for four hours (gathered for a provider's job: {gathered:.0f})" in runbook


def test_a_panel_that_an_alert_or_the_runbook_names_is_there():
    titles = {panel["title"] for panel in PANELS}
    named = {
        title
        for rule in RULES
        for title in re.findall(r'the panel "([^"]+)"', rule["annotations"]["summary"])
    }
    runbook = (PROJECT / "docs" / "runbook.md").read_text()
    named |= {" ".join(title.split()) for title in re.findall(r"panel \*([^*]+)\*", runbook)}
    assert named and named <= titles


def test_alerts_on_increases_stand_half_way_between_whole_numbers():
    """`increase` reckons beyond its samples, so that 3 comes out as 3.02."""
    counted = [rule["expr"] for rule in RULES if "increase(" in rule["expr"]]
    assert len(counted) > 5
    for expression in counted:
        of_counts = re.findall(r"(?:>=?|<=?|==) ([\d.]+)", expression)
        assert all(float(one) % 1 in (0.5, 0.2) for one in of_counts), expression
        assert of_counts


def test_no_share_divides_errors_by_live_calls():
    """Errors are of jobs' requests, too: a job that fails would be a share of many thousand %."""
    pages_queries = [block for page in pages() for block in blocks(page, "promql")]
    queries = [*pages_queries, *(rule["expr"] for rule in RULES)]
    queries += [target["expr"] for panel in PANELS for target in panel["targets"]]
    share = re.compile(r"errors_total[^#]*?/[^#]*?http_calls_total", re.DOTALL)
    assert queries and not [one for one in queries if share.search(one)]
