"""docs/comparisons_api.md: every command in it does what the text around it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from llmprovider.api import requests
from llmprovider.api.statuses import SetStatus
from llmprovider.contracts import idempotency_keys
from llmprovider.models import ComparisonSet
from tests.conftest import PROJECT
from tests.integration.api import curl
from tests.integration.comparisons_api.requests import URL, work

MANUAL = (PROJECT / "docs" / "comparisons_api.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", MANUAL, re.S)
ASKED, ACCEPTED, REFUSED = map(json.loads, re.findall(r"```json\n(.*?)```", MANUAL, re.S))

pytestmark = pytest.mark.django_db(transaction=True)


def run(command: str, teacher: User, folder: Path, asked: str = "") -> HttpResponse:
    (folder / "comparisons.json").write_text(json.dumps(ASKED))
    token, _ = Token.objects.get_or_create(user=teacher)
    return curl.run(command, {"TOKEN": token.key, "SET": asked}, [folder])


def test_its_commands_work_from_the_question_to_the_results(teacher: User, tmp_path: Path) -> None:
    ask, follow, follow_all, cancel = COMMANDS
    accepted = run(ask, teacher, tmp_path)
    assert accepted.status_code == 202, accepted.content
    assert set(accepted.json()) == set(ACCEPTED)
    asked = accepted.json()["id"]
    assert run(ask, teacher, tmp_path).json() == accepted.json()
    assert ComparisonSet.objects.get().idempotency_key == "exam-9a-1"
    assert run(follow, teacher, tmp_path, asked).json()["status"] == "queued"
    work()
    told = run(follow, teacher, tmp_path, asked).json()
    assert told["status"] == "completed"
    assert [(one["first"], one["second"]) for one in told["comparisons"]] == [
        ("pupil-1", "pupil-2"),
        ("pupil-2", "pupil-3"),
    ]
    assert run(follow_all, teacher, tmp_path).json()["count"] == 1
    assert run(cancel, teacher, tmp_path, asked).status_code == 409


def test_its_command_to_cancel_cancels(teacher: User, tmp_path: Path) -> None:
    asked = run(COMMANDS[0], teacher, tmp_path).json()["id"]
    assert run(COMMANDS[3], teacher, tmp_path, asked).json()["status"] == "cancelled"


def test_the_error_it_shows_is_the_error_that_comes(api: APIClient) -> None:
    mistaken = json.loads(json.dumps(ASKED))
    mistaken["comparisons"][1]["first"]["text"] = " "
    answer = api.post(URL, mistaken, format="json")
    assert (answer.status_code, answer.json()) == (400, REFUSED)


def test_it_names_every_field_status_and_limit(api: APIClient) -> None:
    schemas: dict[str, Any] = api.get("/api/v1/schema?format=json").json()["components"]["schemas"]
    named = {
        field
        for shape in ("ManyComparisons", "OneComparison", "InstructionsAsked", "GivenPrice")
        for field in schemas[shape]["properties"]
    }
    for name in named | {status.value for status in SetStatus}:
        assert f"`{name}`" in MANUAL, name
    for limit in (
        requests.MAX_COMPARISONS,
        requests.MAX_TEXT_CHARS,
        requests.MAX_INSTRUCTION_CHARS,
        requests.MAX_METADATA_CHARS,
        idempotency_keys.MAX_KEY_CHARS,
    ):
        assert f"{limit:,}" in MANUAL, limit


def test_it_states_the_size_that_is_allowed(settings: Any) -> None:
    assert f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20} MiB" in MANUAL
