"""Documents: links lead somewhere, names exist in the code, every page can be found."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from assessment.conf import AssessmentSettings
from llmprovider.conf import ProviderSettings
from tests.conftest import PROJECT
from tests.unit.metrics.declared import everything
from tests.unit.project.documents import anchors, blocks, links, pages, queries

PAGES = [pytest.param(page, id=str(page.relative_to(PROJECT))) for page in pages()]
SETTING = re.compile(r"\b(CJ_ASSESSMENT|LLM_PROVIDER)_SERVICE_([A-Z_]+[A-Z])")
CLASSES = {"CJ_ASSESSMENT": AssessmentSettings, "LLM_PROVIDER": ProviderSettings}
METRIC = re.compile(r"\b(?:cj|llm_provider)_[a-z_]+")
OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: there is no such file"
        if anchor:
            assert anchor in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_are_named_exist(page: Path) -> None:
    for prefix, name in SETTING.findall(page.read_text(encoding="utf-8")):
        assert name in CLASSES[prefix].model_fields, f"{prefix}_SERVICE_{name}"


@pytest.mark.parametrize("page", PAGES)
def test_metrics_that_are_asked_for_exist(page: Path) -> None:
    """With the labels that they have, and as what they are."""
    names = {one.name: one for one in everything()}
    for query in queries(page):
        asked = METRIC.findall(query)
        assert asked, query
        for name in asked:
            stem = next((name.removesuffix(end) for end in OF_HISTOGRAMS if name.endswith(end)), "")
            found = names.get(name) or names.get(stem)
            assert found is not None, name
            if stem in names:
                assert found.kind == "histogram", name
            else:
                assert found.kind != "histogram", name
            for labels in re.findall(rf"{name}\{{([^}}]*)\}}", query):
                used = set(re.findall(r"(\w+)\s*[!=]", labels))
                assert used <= set(found.labels), query


@pytest.mark.parametrize("page", PAGES)
def test_commands_have_the_options_that_are_named(page: Path) -> None:
    """Those of blocks that CI cannot run, for they need a server, a key or time."""
    for block in blocks(page, "console"):
        for line in block.replace("\\\n", " ").splitlines():
            _, found, typed = line.partition("manage.py ")
            if found:
                name, *words = shlex.split(typed, comments=True)
                command = load_command_class(get_commands()[name], name)
                command.create_parser("manage.py", name).parse_args(words)


def test_the_readme_leads_to_every_page() -> None:
    readme = PROJECT / "README.md"
    linked = {(PROJECT / link.partition("#")[0]).resolve() for link in links(readme)}
    assert set((PROJECT / "docs").glob("*.md")) <= linked


def test_pictures_are_small() -> None:
    pictures = list((PROJECT / "docs" / "images").iterdir())
    assert {picture.name for picture in pictures} >= {"report.png", "admin-batch.png"}
    assert all(picture.stat().st_size < 200_000 for picture in pictures)
