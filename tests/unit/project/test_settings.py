"""Settings: each is read, and a bad one stops the start with its name."""

import ast
import os
import subprocess
import sys
from functools import lru_cache

import pytest

from assessment.conf import AssessmentSettings
from llmprovider.conf import ProviderSettings
from tests.conftest import PROJECT
from tests.unit.project.sources import modules, tree_of

CLASSES = {"assessment": AssessmentSettings, "llmprovider": ProviderSettings}
DECLARED = [(app, name) for app, settings in CLASSES.items() for name in settings.model_fields]


@lru_cache(maxsize=1)
def attributes_read() -> dict[str, set[str]]:
    """Attribute names read anywhere in each app, its `conf` aside."""
    return {
        app: {
            node.attr
            for path in modules(app)
            if path.name != "conf.py"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
        }
        for app in CLASSES
    }


@pytest.mark.parametrize(("app", "name"), DECLARED)
def test_every_setting_is_read(app, name):
    """P-13"""
    assert name in attributes_read()[app]


@pytest.mark.parametrize(("app", "name"), DECLARED)
def test_every_setting_says_what_it_does(app, name):
    assert CLASSES[app].model_fields[name].description


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE", "fast", "per_request"),
        ("CJ_ASSESSMENT_SERVICE_MIN_SUCCESS_RATE_THRESHOLD", "1.5", "less than or equal to 1"),
        (
            "LLM_PROVIDER_SERVICE_SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL",
            "65",
            "less than or equal to 64",
        ),
        ("LLM_PROVIDER_SERVICE_QUEUE_MAX_ATTEMPTS", "many", "valid integer"),
    ],
)
def test_a_bad_value_stops_the_start(tmp_path, variable, value, message):
    environment = {**os.environ, "CJ_DATA_DIR": str(tmp_path), variable: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"{variable}: ")
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_the_environment_is_where_settings_come_from(monkeypatch):
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_MAX_ITERATIONS", "7")
    monkeypatch.setenv("LLM_PROVIDER_SERVICE_QUEUE_CAPACITY", "9")
    assert AssessmentSettings().MAX_ITERATIONS == 7
    assert ProviderSettings().QUEUE_CAPACITY == 9


def test_no_judge_is_named_by_default():
    assert AssessmentSettings().DEFAULT_LLM_PROVIDER == ""


def test_a_broker_without_a_servers_database_stops_the_start(tmp_path):
    """Workers would hold no lock on the file, and a lone doctor would free what they work at."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "CJ_DATA_DIR": str(tmp_path),
        "REDIS_URL": "redis://:hush@127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "-c", "import cjproject.settings"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "hush" not in done.stderr
    assert "ImproperlyConfigured: REDIS_URL" in done.stderr
    assert "set DATABASE_URL to a PostgreSQL database" in done.stderr
