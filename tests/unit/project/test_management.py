"""The commands a deployment begins with."""

import os
import subprocess
import sys

import pytest
from django.core.management import call_command

from tests.conftest import PROJECT

PRODUCTION = {
    "DJANGO_PRODUCTION": "1",
    "DJANGO_SECRET_KEY": "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV",
    "DJANGO_ALLOWED_HOSTS": "example.org",
}


def manage(tmp_path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**inherited, "CJ_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db
def test_the_migrations_are_those_of_the_models():

    call_command("makemigrations", check=True, dry_run=True)


def test_a_production_environment_passes_the_deployment_checks(tmp_path):
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("missing", ["DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS"])
def test_production_does_not_start_without_its_secrets(tmp_path, missing):
    environment = {name: value for name, value in PRODUCTION.items() if name != missing}
    done = manage(tmp_path, "check", **environment)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{missing} must be set when DJANGO_PRODUCTION=1: to ")
