"""Report, table and run document over HTTP: what a run's folder holds, for those who have none."""

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from lxml import html
from rest_framework.test import APIClient

from assessment.eng5.run_folders import write_run
from assessment.models import Batch
from assessment.reports.schema import validate_run
from tests.integration.api.batches import SECRET, anchor, essay, request, work

URL = "/api/v1/batches"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def created(api: APIClient) -> dict[str, Any]:
    """A batch as its creation is answered."""
    essays = [anchor(1), anchor(4), *(essay(number) for number in range(6))]
    told: dict[str, Any] = api.post(URL, request(essays=essays), format="json").json()
    return told


def test_they_are_what_the_command_line_writes(
    api: APIClient, created: dict[str, Any], tmp_path: Any
) -> None:
    batch = work(created["id"])
    links = created["links"]
    document = api.get(links["run"]).json()
    validate_run(document)
    write_run(tmp_path, document)
    assert api.get(links["results_csv"]).content == (tmp_path / "results.csv").read_bytes()
    assert api.get(links["report"]).content == (tmp_path / "report.html").read_bytes()
    assert document["batch"]["id"] == batch.pk
    assert len(document["comparisons"]) == batch.pairs.count() > 0
    assert len(document["results"]) == 8


def test_the_table_is_a_file_for_a_spreadsheet(api: APIClient, created: dict[str, Any]) -> None:
    batch = work(created["id"])
    answer = api.get(created["links"]["results_csv"], headers=BROWSER)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="results-{batch.pk}.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    told = api.get(created["links"]["results"]).json()["results"]
    assert {row["essay"]: row["grade"] for row in rows} == {
        row["essay"]: row["grade"] or "" for row in told
    }


def test_the_report_is_a_page_with_its_own_policy(api: APIClient, created: dict[str, Any]) -> None:
    """A page's usual policy would take its styles away; this one forbids all but those."""
    work(created["id"])
    answer = api.get(created["links"]["report"], headers=BROWSER)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    page = html.document_fromstring(answer.content.decode())
    (own,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == f"{own}; frame-ancestors 'none'"
    assert "script" not in policy and "default-src 'none'" in policy
    assert page.xpath("//style") and not page.xpath("//script")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_batch_under_way_has_a_report_and_no_table(
    api: APIClient, created: dict[str, Any]
) -> None:
    links = created["links"]
    assert api.get(links["report"]).status_code == 200
    document = api.get(links["run"]).json()
    validate_run(document)
    assert document["run"]["finished_at"] is None
    for headers in ({}, BROWSER):
        refused = api.get(links["results_csv"], headers=headers)
        assert refused.status_code == 409
        assert refused.headers["Content-Type"] == "application/json"
        assert "is not finished: it is PENDING" in refused.json()["detail"]


def test_no_document_holds_a_text(api: APIClient, created: dict[str, Any]) -> None:
    work(created["id"])
    for name in ("run", "report", "results_csv"):
        answer = api.get(created["links"][name])
        assert "student_1" in answer.content.decode()
        assert SECRET not in answer.content.decode()


def test_the_page_of_a_batch_in_the_admin_leads_to_them(created: dict[str, Any]) -> None:
    """By the session that the page itself is shown by."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    page = reverse("admin:assessment_batch_change", args=[created["id"]])

    def linked() -> dict[str, str]:
        links = re.findall(rf'href="({URL}/[^"]+)">([^<]+)<', browser.get(page).content.decode())
        return {name: address for address, name in links}

    assert set(linked()) == {"report", "run.json"}
    work(created["id"])
    assert set(linked()) == {"report", "run.json", "results.csv"}
    for address in linked().values():
        assert browser.get(address, headers=BROWSER | {"Accept": "*/*"}).status_code == 200
    assert Batch.objects.count() == 1
