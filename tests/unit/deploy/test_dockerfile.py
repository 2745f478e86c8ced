"""The image: two stages, no build tools and no rights in the second, and only files that exist."""

import re
import shlex

import pytest

from deploy import dockerfiles, native
from tests.conftest import PROJECT
from tests.unit.deploy.compose import OURS, SERVICES

TEXT = (PROJECT / "Dockerfile").read_text()
STEPS = dockerfiles.instructions(TEXT)
LAST = [step for step in STEPS if step.stage == STEPS[-1].stage]
COPIED = [
    source
    for step in STEPS
    if step.keyword == "COPY" and not step.words.startswith("--from")
    for source in shlex.split(step.words)[:-1]
]


def words(keyword: str, steps: list[dockerfiles.Instruction]) -> list[str]:
    return [step.words for step in steps if step.keyword == keyword]


def test_it_builds_in_one_stage_and_runs_in_another():
    assert words("FROM", STEPS) == ["python:3.11-slim AS builder", "python:3.11-slim"]
    assert "--from=builder /opt/venv /opt/venv" in words("COPY", LAST)


def test_packages_are_those_of_the_lock_as_wheels():
    (install,) = [run for run in words("RUN", STEPS) if "pip" in run and "install" in run]
    assert "--require-hashes" in install and "--only-binary :all:" in install
    assert install not in words("RUN", LAST)


def test_the_image_has_no_tools_to_build_with():
    told = " ".join(words("RUN", LAST))
    assert not re.search(r"\b(apt|apt-get|pip|gcc|make|curl|wget|git)\b", told)


def test_it_runs_as_somebody_without_rights():
    users = words("USER", LAST)
    assert users and users[-1] not in ("root", "0")
    made = " ".join(words("RUN", LAST))
    assert f"--gid {users[-1]}" in made and "nologin" in made
    keywords = [step.keyword for step in LAST]
    assert not {"RUN", "COPY"} & set(keywords[keywords.index("USER") :]), "files stay root's"


def test_everybody_may_read_what_it_copies():
    """COPY keeps the checkout's modes, which under `umask 077` are the owner's alone."""
    steps = [f"{step.keyword} {step.words}" for step in LAST]
    opened = steps.index("RUN chmod -R a+rX .")
    assert opened > max(number for number, step in enumerate(steps) if step.startswith("COPY"))


def test_every_keyword_is_one_that_docker_knows():
    known = "FROM ENV RUN COPY WORKDIR USER EXPOSE HEALTHCHECK CMD".split()
    assert {step.keyword for step in STEPS} == set(known)


@pytest.mark.parametrize("source", COPIED)
def test_what_it_copies_is_there_and_not_ignored(source):
    assert (PROJECT / source).exists()
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert lines.index("*") < lines.index(f"!{source}")


def test_nothing_else_is_sent_to_the_builder():
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == set(COPIED)


def test_its_command_is_that_of_the_web_service():
    (command,) = words("CMD", LAST)
    assert command == str(SERVICES["web"]["command"]).replace("'", '"')
    assert "HEALTHCHECK" in [step.keyword for step in LAST]


def test_no_secret_is_in_it():
    assert not re.search(r"(PASSWORD|TOKEN|API_KEY)", TEXT)
    names = dockerfiles.environment(TEXT)
    assert "DJANGO_SECRET_KEY" not in names and names["CJ_DATA_DIR"] == native.IMAGE_DATA


def test_the_health_checks_of_our_services_are_in_the_image():
    checked = [SERVICES[name]["healthcheck"] for name in OURS]
    tests = [check["test"][:4] for check in checked if "test" in check]
    assert tests == [["CMD", "python", "-m", "deploy.health"]] * 4
    assert "deploy/health.py" in COPIED and "deploy/__init__.py" in COPIED
