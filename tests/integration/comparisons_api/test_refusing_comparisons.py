"""What POST /api/v1/comparisons refuses: 400, the field, what is wrong; and nothing is stored."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from llmprovider.models import ComparisonSet, QueueItem, StoredDocument
from tests.integration.api.messages import take_messages
from tests.integration.comparisons_api.requests import SECRET, URL, pair, request, text

pytestmark = pytest.mark.django_db(transaction=True)

ANTHROPIC = {"provider": "anthropic", "model": "claude-sonnet-4-6"}
OPENAI = {"provider": "openai", "model": "gpt-4.1"}


def one(first: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A good comparison, then one with another first text or with other fields."""
    return {
        "comparisons": [
            pair(1, 2),
            {**pair(3, 4), **({"first": first} if first else {}), **changes},
        ]
    }


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"comparisons": None}, "comparisons", "This field is required."),
    ({"comparisons": []}, "comparisons", "at least 1 item"),
    ({"comparisons": "all"}, "comparisons", "valid list"),
    ({"comparisons": [pair(1, 2)] * 1_001}, "comparisons", "at most 1000 items"),
    ({"comparisons": [pair(1, 2), 5]}, "comparisons", "comparison 2: "),
    (one(text(3, text="")), "comparisons", "comparison 2, first, text: "),
    (one(text(3, text=" \n\t ")), "comparisons", "comparison 2, first, text: There is no text."),
    (one(text(3, text="\x00\x07")), "comparisons", "comparison 2, first, text: "),
    (one(text(3, text=7)), "comparisons", "comparison 2, first, text: "),
    (one(text(3, text=SECRET * 20_000)), "comparisons", "at most 100000 characters"),
    (one(text(3, id="")), "comparisons", "comparison 2, first, id: "),
    (one(text(3, id="a\x00b")), "comparisons", "cannot be shown"),
    (one(text(3, id="x" * 201)), "comparisons", "at most 200 characters"),
    (one(text(3, name="x")), "comparisons", "comparison 2, first, name: There is no such field."),
    (one(text(4, text="Another.")), "comparisons", "second: It has the id of the first text."),
    (one(text(3, text=text(4)["text"] + "\x00")), "comparisons", "the same text as the first"),
    (one(text(1, text="Another.")), "comparisons", "comparison 2: one of its ids stands for"),
    (one(winner="first"), "comparisons", "comparison 2, winner: There is no such field."),
    (one(metadata=[1]), "comparisons", "comparison 2, metadata: "),
    (one(metadata={"x": "y" * 2_000}), "comparisons", "more than 2,000 characters"),
    (one(metadata={"x": "\x00"}), "comparisons", "cannot be stored"),
    ({"comparisons": None, "first": text(1)}, "second", "This field is required."),
    ({"comparisons": None, **pair(1, 1)}, "second", "It has the id of the first text."),
    ({"first": text(1)}, "first", "There is no such field. Use: instructions, provider,"),
    ({"instructions": {"taks": "x"}}, "instructions", "taks: There is no such field."),
    ({"instructions": {"task": "x" * 50_001}}, "instructions", "task: "),
    ({"instructions": "Judge."}, "instructions", "valid dictionary"),
    ({"provider": None}, "provider", "This field is required."),
    ({"provider": "nobody"}, "provider", "unknown provider 'nobody'"),
    ({"provider": "x" * 61}, "provider", "at most 60 characters"),
    ({"model": "no-such-judge"}, "model", "there is no mock judge 'no-such-judge'"),
    ({"model": "x\x00"}, "model", "cannot be shown"),
    ({"prioritty": 1}, "prioritty", "There is no such field. Use: "),
    ({"priority": 10}, "priority", "less than or equal to 9"),
    ({"priority": True}, "priority", "valid integer"),
    ({"mode": "batch_api"}, "mode", "'per_request' or 'serial_bundle'"),
    ({"temperature": 3}, "temperature", "less than or equal to 2"),
    ({"max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
    ({"money_cap_usd": 0}, "money_cap_usd", "greater than 0"),
    ({"money_cap_usd": "0.00001"}, "money_cap_usd", "decimal places"),
    ({"money_cap_usd": "1e999999"}, "money_cap_usd", ""),
    ({"money_cap_usd": "NaN"}, "money_cap_usd", ""),
]  # fmt: skip


def refused(api: APIClient, **changes: Any) -> Any:
    answer = api.post(URL, request(**changes), format="json")
    assert answer.status_code == 400, answer.data
    assert SECRET not in answer.content.decode()
    for model in (ComparisonSet, QueueItem, StoredDocument):
        assert not model.objects.exists()
    assert take_messages() == []
    return answer.data


@pytest.mark.parametrize(("mistake", "field", "message"), MISTAKES)
def test_it_names_the_field_and_stores_nothing(
    api: APIClient, mistake: dict[str, Any], field: str, message: str
) -> None:
    """T33"""
    found = refused(api, **mistake)
    assert list(found) == [field]
    assert any(message in one for one in found[field]), found


@pytest.mark.parametrize(
    ("judge", "field", "message"),
    [
        (ANTHROPIC | {"temperature": 0.0}, "temperature", "takes none"),
        (ANTHROPIC | {"output_verbosity": "low"}, "output_verbosity", "takes no verbosity"),
        (OPENAI | {"reasoning_effort": "high"}, "reasoning_effort", "takes no effort"),
        (OPENAI | {"max_tokens": 10_000_000}, "max_tokens", "writes at most"),
        (OPENAI | {"model": None}, "model", "no model named"),
        (
            OPENAI | {"model": "of-tomorrow", "money_cap_usd": "1.5"},
            "money_cap_usd",
            "no price is known for openai of-tomorrow",
        ),
    ],
)
def test_what_the_registry_knows_to_be_wrong_is_refused_at_once(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, judge: dict[str, Any], field: str, message: str
) -> None:
    """T33: before the 202, and not by the provider after it."""
    put_in_both(monkeypatch)
    found = refused(api, **judge)
    assert list(found) == [field]
    assert message in found[field][0]


def put_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two vendors that could be called, were anything wrong let through."""
    from tests.integration.llmprovider import scripted_judges as judges

    for provider in ("anthropic", "openai"):
        judges.put_in(monkeypatch, provider=provider)


def test_a_provider_without_its_key_is_refused_and_no_key_is_shown(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T34: the variable is named, its value nowhere."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    found = refused(api, **ANTHROPIC)
    assert "Set ANTHROPIC_API_KEY" in found["provider"][0]
    assert "planted" not in json.dumps(found)


def test_a_cap_is_taken_where_the_price_is_given(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_both(monkeypatch)
    price = {"input_per_million": "1", "output_per_million": "5"}
    asked = request(**OPENAI | {"model": "of-tomorrow"}, money_cap_usd="1.5", price=price)
    assert api.post(URL, asked, format="json").status_code == 202


def test_it_names_every_mistake_at_once_but_no_thousand_of_them(api: APIClient) -> None:
    bad = [pair(number, number) for number in range(1, 500)]
    found = refused(api, comparisons=bad, priority=-1)
    assert set(found) == {"comparisons", "priority"}
    assert len(found["comparisons"]) == 21
    assert found["comparisons"][-1] == "and 479 more of this kind"


@pytest.mark.parametrize("body", ["{", "[1]", "7", "null", '{"priority": NaN}', "[" * 100_000])
def test_a_body_of_another_form_is_refused(api: APIClient, body: str) -> None:
    assert api.post(URL, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("value", ["1e999", '"\\ud800"', '"\\\\\\u0000"', "[" * 25 + "]" * 25])
def test_metadata_that_no_database_could_store_is_refused(api: APIClient, value: str) -> None:
    body = json.dumps(request(comparisons=[pair(1, 2, metadata={"x": "@"})]))
    answer = api.post(URL, body.replace('"@"', value), content_type="application/json")
    assert answer.status_code == 400
    assert "comparison 1, metadata" in answer.data["comparisons"][0]


def test_metadata_that_only_looks_like_a_null_character_is_kept(api: APIClient) -> None:
    asked = request(comparisons=[pair(1, 2, metadata={"x": "a\\u0000b"})])
    assert api.post(URL, asked, format="json").status_code == 202
    assert QueueItem.objects.get().metadata == {"x": "a\\u0000b"}


def test_another_type_of_content_is_refused(api: APIClient) -> None:
    assert api.post(URL, "a=b", content_type="text/plain").status_code == 415


def test_a_body_larger_than_allowed_is_refused_unread(api: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 200
    answer = api.post(URL, request(), format="json")
    assert answer.status_code == 413
    assert "larger than the 200 bytes allowed" in answer.data["detail"]
