"""What cannot work is told in a line with the variable's name, before anything starts."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from assessment.conf import AssessmentSettings
from cjproject.addresses import broker_place, check_broker, database_of
from cjproject.apps import misspelt_settings
from cjproject.environments import misspelt, problems
from tests.conftest import PROJECT

HUSH = "hush-Zq7Xw2Kp9Lm4"
PYTHON = sys.executable
COMMANDS = {
    "manage.py": [PYTHON, "manage.py", "eng5", "status"],
    "gunicorn": [PYTHON, "-m", "gunicorn", "-c", "python:cjproject.serving", "cjproject.wsgi"],
    "celery": [PYTHON, "-m", "celery", "-A", "cjproject", "worker"],
}


def started(tmp_path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "DATABASE_", "REDIS_"))
    }
    return subprocess.run(
        COMMANDS[command],
        cwd=PROJECT,
        env={**inherited, "CJ_DATA_DIR": str(tmp_path), "BIND": "127.0.0.1:1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.parametrize(
    ("command", "environment", "told"),
    [
        ("manage.py", {"DJANGO_PRODUCTION": "1"}, "DJANGO_SECRET_KEY must be set"),
        ("manage.py", {"DATABASE_URL": f"mysql://me:{HUSH}@host/essays"}, "DATABASE_URL must be"),
        ("manage.py", {"REDIS_URL": f"http://:{HUSH}@host"}, "REDIS_URL must be"),
        (
            "manage.py",
            {"LLM_PROVIDER_SERVICE_RATE_LIMITS": '{"nope": {"requests_per_minute": 5}}'},
            "LLM_PROVIDER_SERVICE_RATE_LIMITS: unknown provider",
        ),
        ("gunicorn", {"DATABASE_URL": f"nonsense{HUSH}"}, "DATABASE_URL must be"),
        ("celery", {"DATABASE_URL": f"nonsense{HUSH}"}, "DATABASE_URL must be"),
    ],
)
def test_a_bad_environment_ends_a_process_with_one_line(tmp_path, command, environment, told):
    done = started(tmp_path, command, **environment)
    assert done.returncode == 2, done.stderr
    (line,) = [one for one in done.stderr.splitlines() if "gunicorn.error" not in one]
    assert told in line
    assert HUSH not in done.stdout + done.stderr


def test_a_bad_setting_is_named_in_full_without_its_value(monkeypatch):
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_MAX_ITERATIONS", HUSH)
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_MAX_RETRY_ATTEMPTS", "-1")
    with pytest.raises(ValueError, match="2 validation errors") as raised:
        AssessmentSettings()
    first, second = sorted(problems(raised.value))
    assert first.startswith("CJ_ASSESSMENT_SERVICE_MAX_ITERATIONS: input should be a valid integer")
    assert second.startswith("CJ_ASSESSMENT_SERVICE_MAX_RETRY_ATTEMPTS: input should be greater")
    assert HUSH not in first and "pydantic" not in first


def test_a_setting_that_is_no_json_is_named_in_full(monkeypatch):
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_EVENT_WEBHOOK_URLS", f"[{HUSH}")
    with pytest.raises(ValueError, match="EVENT_WEBHOOK_URLS") as raised:
        AssessmentSettings()
    (line,) = problems(raised.value)
    assert line.startswith("CJ_ASSESSMENT_SERVICE_EVENT_WEBHOOK_URLS is no valid JSON")
    assert HUSH not in line


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{HUSH}@host/essays",
        "sqlite:///essays.sqlite3",
        "essays",
        f"postgres://me:{HUSH}@host:99999999/essays",
        f"postgres://me:{HUSH}@host",
    ],
)
def test_a_database_is_a_whole_address_of_postgresql(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL .*postgres://") as raised:
        database_of(url)
    assert HUSH not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_names_of_postgresql_will_do(scheme):
    found = database_of(f"{scheme}://me:p%40ss@db.example.org:6543/essays")
    assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("me", "p@ss", "essays")
    assert (found["HOST"], found["PORT"]) == ("db.example.org", 6543)
    assert found["ENGINE"] == "django_prometheus.db.backends.postgresql"


@pytest.mark.parametrize("url", ["redis", f"memory://:{HUSH}@host", f"redis://:{HUSH}@host:x/0"])
def test_a_broker_is_the_address_of_a_redis(url):
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL .*redis://") as raised:
        check_broker(url)
    assert HUSH not in str(raised.value)


def test_a_broker_is_told_by_host_and_port_alone():
    for url, place in ((f"redis://:{HUSH}@r.org/3", "r.org:6379"), ("rediss://r:1/0", "r:1")):
        check_broker(url)
        assert broker_place(url) == place


def test_a_variable_that_names_no_setting_is_told_with_the_nearest_one(monkeypatch):
    """It would be passed over in silence, and a whole run be judged without it."""
    assert misspelt({"CJ_ASSESSMENT_SERVICE_MAX_ITERATIONS": "3", "CJ_DATA_DIR": "x"}) == []
    assert misspelt({"llm_provider_service_provider_workers": "3"}) == []  # read all the same
    assert misspelt({"LLM_PROVIDER_SERVICE_PROVIDER_WORKER": "3"}) == [
        ("LLM_PROVIDER_SERVICE_PROVIDER_WORKER", "LLM_PROVIDER_SERVICE_PROVIDER_WORKERS")
    ]
    monkeypatch.setenv("CJ_ASSESSMENT_SERVICE_MAX_ITERATION", HUSH)
    (warning,) = misspelt_settings()
    assert "CJ_ASSESSMENT_SERVICE_MAX_ITERATION is no setting" in warning.msg
    assert "Is CJ_ASSESSMENT_SERVICE_MAX_ITERATIONS meant?" in warning.msg
    assert HUSH not in warning.msg
