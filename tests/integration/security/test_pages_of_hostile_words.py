"""Markup in file names, labels, justifications and errors is shown, never obeyed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse
from lxml import html

from assessment.api.documents import REPORT_POLICY
from assessment.eng5.documents import run_document
from assessment.models import Batch, ComparisonPair, Essay, Wave
from assessment.reports.rendering import render_report
from cjproject.content_policies import DATA, PAGES
from llmprovider.models import Gate, ProviderCall, QueueItem
from tests.integration.api.batches import work
from tests.integration.assessment.essays import batch

pytestmark = pytest.mark.django_db

HARMLESS = " harmless words"
MARKUP = [
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "</td></tr></table></title></textarea><svg onload=alert(1)>{{ 7|add:7 }}{% debug %}",
]
ADDRESS = "javascript:alert(1)"
Shape = list[tuple[str, tuple[str, ...]]]


@pytest.fixture
def one() -> Batch:
    """A finished batch."""
    return work(batch(3, 2).pk)


def plant(one: Batch, words: str) -> Batch:
    """The batch with the words in every text that users, files, judges or vendors write."""
    Batch.objects.update(label=words, failure=words, bos_batch_id=words, task=words, rubric=words)
    one.refresh_from_db()
    one.warnings = [{"code": "x", "message": words}]
    one.judges = [{"provider": "mock", "model": words}]
    one.save()
    type(one.assignment).objects.update(label=words, task=words)
    for essay in Essay.objects.all():
        essay.name, essay.text = f"{essay.pk}{words}", words
        essay.warning_signs = [{"code": words, "words": words, "count": 1}]
        essay.save()
    Wave.objects.update(reason=words)
    ComparisonPair.objects.update(justification=words, model=words)
    QueueItem.objects.update(justification=words, model=words)
    ProviderCall.objects.update(model=words, error_type=words)
    told = {"model": words, "error_message": words, "refusal_message": words}
    Gate.objects.update_or_create(provider="x", defaults=told)
    return one


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def pages(client: Client) -> dict[str, str]:
    """Lists, rows and the index of the admin, as the browser gets them."""
    found = {"index": client.get(reverse("admin:index")).content.decode()}
    for model in (*apps.get_app_config("assessment").get_models(), *_of_the_queue()):
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        try:
            listed = reverse(f"admin:{name}_changelist")
        except NoReverseMatch:  # not in the admin
            continue
        urls = {f"{name} list": listed}
        if row is not None:
            urls[name] = reverse(f"admin:{name}_change", args=[row.pk])
        for what, url in urls.items():
            answer = client.get(url)
            assert answer.status_code == 200, url
            assert answer.headers["Content-Security-Policy"] == PAGES
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            found[what] = answer.content.decode()
    return found


def _of_the_queue() -> Iterator[type[Model]]:
    return apps.get_app_config("llmprovider").get_models()


def shape(page: str) -> Shape:
    """What a browser would build: elements, each with the names of its attributes."""
    return [
        (str(element.tag), tuple(sorted(element.attrib)))
        for element in html.document_fromstring(page).iter()
    ]


def test_the_admins_pages_stay_as_they_are_built(root: Client, one: Batch) -> None:
    """The same elements with the same attributes as harmless words give."""
    plant(one, HARMLESS)
    usual = {what: shape(page) for what, page in pages(root).items()}
    for attack in ("".join(MARKUP), ADDRESS):
        plant(one, attack)
        found = pages(root)
        assert found.keys() == usual.keys()
        for what, page in found.items():
            assert shape(page) == usual[what], (what, attack)
        trees = [html.document_fromstring(page) for page in found.values()]
        assert attack in " ".join(tree.text_content() for tree in trees)
        links = [link for tree in trees for link in tree.xpath("//@href|//@src|//@action")]
        assert links and not [link for link in links if link.lower().startswith("javascript")]


def test_the_policy_of_the_pages_forbids_nothing_that_they_hold(root: Client, one: Batch) -> None:
    """No script and no style stands in a page of the admin: each is a file of this site."""
    plant(one, HARMLESS)
    for what, page in pages(root).items():
        for element in html.document_fromstring(page).iter():
            if element.tag == "script" and element.get("type") != "application/json":
                assert re.match("/[a-z]", element.get("src", "")), what
            assert element.tag != "style", what
            names: Any = element.attrib
            assert not [name for name in names if name.startswith("on") or name == "style"], what


@pytest.mark.parametrize("attack", [*MARKUP, ADDRESS])
def test_the_report_of_such_a_batch_has_no_script(one: Batch, attack: str) -> None:
    page = html.document_fromstring(render_report(run_document(plant(one, attack))))
    assert page.xpath("//script|//img|//iframe|//object") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content") != []
    assert attack in page.text_content()


def test_the_report_over_the_api_may_load_and_run_nothing(root: Client, one: Batch) -> None:
    """Under the address of the API, where the session is: both policies forbid scripts."""
    plant(one, MARKUP[0])
    answer = root.get(f"/api/v1/batches/{one.pk}/report")
    assert answer.headers["Content-Security-Policy"] == REPORT_POLICY
    assert "script-src" not in REPORT_POLICY and REPORT_POLICY.startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert html.document_fromstring(answer.content).xpath("//script|//img|//iframe|//object") == []


def test_the_table_over_the_api_is_a_file(root: Client, one: Batch) -> None:
    """No browser shows it as a page, whatever stands in it."""
    answer = root.get(f"/api/v1/batches/{plant(one, MARKUP[0]).pk}/results.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/{id}", "/{id}/pairs", "/{id}/results", "/{id}/run", ""])
def test_the_api_answers_data_that_no_browser_takes_for_a_page(
    root: Client, one: Batch, path: str
) -> None:
    """Whatever the browser says that it would like."""
    plant(one, MARKUP[0])
    url = f"/api/v1/batches{path.format(id=one.pk)}"
    answer = root.get(url, headers={"Accept": "text/html,application/json"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == DATA
    assert root.get(url, headers={"Accept": "text/html"}).status_code == 406
