"""docs/configuration.md names every setting and environment variable, as the code has them."""

import importlib.util
from types import ModuleType

import pytest

from assessment.conf import AssessmentSettings
from llmprovider.conf import ProviderSettings
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def configuration() -> ModuleType:
    """.ci/configuration.py, which is in no package."""
    spec = importlib.util.spec_from_file_location(
        "ci_configuration", PROJECT / ".ci" / "configuration.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_what_the_code_says(configuration: ModuleType) -> None:
    """Else: .ci/configuration.py --write"""
    written = (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == configuration.document()


def test_each_setting_stands_in_it_with_its_default(configuration: ModuleType) -> None:
    lines = configuration.document().splitlines()
    for settings in (AssessmentSettings, ProviderSettings):
        for name in settings.model_fields:
            assert len([line for line in lines if line.startswith(f"| `{name}` |")]) == 1
    assert any(line.startswith("| `BATCH_TIMEOUT_SECONDS` | 14,400 (4 h) |") for line in lines)


def test_each_variable_that_is_read_is_described_and_no_other(configuration: ModuleType) -> None:
    assert configuration.project_reads() == configuration.described()


@pytest.mark.parametrize(
    "source",
    [
        'os.environ.get("NEW_ONE", "")',
        'os.environ["NEW_ONE"]',
        '"NEW_ONE" in os.environ',
        'os.getenv("NEW_ONE")',
        'os.environ.setdefault("NEW_ONE", "1")',
        '_required("NEW_ONE")',
        'NAME: Final = "NEW_ONE"\nos.environ[NAME]',
    ],
)
def test_a_variable_is_found_however_it_is_read(configuration: ModuleType, source: str) -> None:
    assert configuration.variables_read(source) == {"NEW_ONE"}
