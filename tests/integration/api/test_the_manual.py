"""docs/api.md: every command in it does what the text around it says."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from assessment.measurement.scales import SCALES
from assessment.models import Batch, ComparisonPair
from tests.conftest import PROJECT
from tests.integration.api import curl
from tests.integration.api.batches import work

MANUAL = (PROJECT / "docs" / "api.md").read_text()
COMMANDS = [
    re.sub(r"\\\n\s*", "", block).strip() for block in re.findall(r"```sh\n(.*?)```", MANUAL, re.S)
]
BODIES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", MANUAL, re.S)]
PHRASE = "a-long-pass-phrase"

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher(db: None) -> User:
    return User.objects.create_user("teacher", password=PHRASE)


def run(command: str, teacher: User, tmp_path: Path, batch: int = 0) -> HttpResponse:
    (tmp_path / "batch.json").write_text(json.dumps(BODIES[0]))
    token, _ = Token.objects.get_or_create(user=teacher)
    variables = {"TOKEN": token.key, "PASSWORD": PHRASE, "BATCH": str(batch)}
    return curl.run(command, variables, [tmp_path, PROJECT])


def test_its_commands_work_from_the_token_to_the_results(teacher: User, tmp_path: Path) -> None:
    token, create, plan, upload, follow_all, follow, results, *documents, pairs, cancel = COMMANDS
    key = run(token, teacher, tmp_path).json()["token"]
    assert key == Token.objects.get(user=teacher).key

    planned = run(plan, teacher, tmp_path)
    assert planned.json()["plan"]["cost_at_most_usd"] == 0.0
    assert not Batch.objects.exists()

    created = run(create, teacher, tmp_path)
    assert created.status_code == 201, created.content
    batch = created.json()["id"]
    assert created.headers["Location"].endswith(f"/api/v1/batches/{batch}")
    assert run(results, teacher, tmp_path, batch).status_code == 409
    work(batch)

    assert run(follow_all, teacher, tmp_path).json()["count"] == 1
    assert run(follow, teacher, tmp_path, batch).json()["status"] == "COMPLETED"
    ranked = run(results, teacher, tmp_path, batch).json()["results"]
    assert [row["role"] for row in ranked] == ["student"] * 3 + ["anchor"] * 2
    kinds = [run(one, teacher, tmp_path, batch).headers["Content-Type"] for one in documents]
    assert [kind.split(";")[0] for kind in kinds] == ["text/html", "text/csv", "application/json"]
    compared = run(pairs, teacher, tmp_path, batch).json()
    assert compared["count"] == ComparisonPair.objects.filter(wave__number=1).count() > 0
    assert run(cancel, teacher, tmp_path, batch).status_code == 409

    uploaded = run(upload, teacher, tmp_path)
    assert uploaded.status_code == 201, uploaded.content
    second = uploaded.json()["id"]
    assert run(cancel, teacher, tmp_path, second).json()["status"] == "CANCELLED"


def test_the_error_it_shows_is_the_error_that_comes(teacher: User) -> None:
    client = APIClient()
    client.force_authenticate(teacher)
    mistaken = json.loads(json.dumps(BODIES[0]))
    mistaken["essays"][1]["text"] = ""
    answer = client.post("/api/v1/batches", mistaken, format="json")
    assert (answer.status_code, answer.json()) == (400, BODIES[1])
    assert not Batch.objects.exists()


def test_it_names_every_field_and_scale(teacher: User) -> None:
    client = APIClient()
    client.force_authenticate(teacher)
    schemas = client.get("/api/v1/schema?format=json").json()["components"]["schemas"]
    fields = {
        name
        for schema in ("BatchUpload", "BatchConfigOverrides", "LLMConfigOverrides")
        for name in schemas[schema]["properties"]
    }
    for name in fields | set(SCALES) | set(ComparisonPair.Status.values):
        assert f"`{name}`" in MANUAL, name
