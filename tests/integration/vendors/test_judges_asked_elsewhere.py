"""A run against an emulator or a proxy says so wherever it would look like the vendor's."""

import json

import pytest

from assessment.reports.schema import validate_run
from llmprovider.providers.registry import address_of
from tests.integration.eng5.conftest import essays
from tests.integration.eng5.runner import eng5_here, read_run
from tests.integration.vendors import emulated

__all__ = ["essays"]

HUSH = "Zq7Xw2Kp9Lm4"


@pytest.mark.django_db(transaction=True)
def test_a_run_at_another_address_says_so_everywhere(monkeypatch, capsys, essays, tmp_path) -> None:
    monkeypatch.setenv("LOG_LEVEL", "INFO")  # as the command finds it, for the tests after this
    judge = f"anthropic:{emulated.MODELS['anthropic']}"
    options = (*essays, "--judge", judge, "--max-comparisons", "12")
    with emulated.vendor(monkeypatch, profile="clean") as emulator:
        where = emulator.anthropic_url.rstrip("/")
        words = f"anthropic is asked at {where}, not at the vendor's own address"
        planned = eng5_here(capsys, "plan", *options).succeeded().out
        as_json = eng5_here(capsys, "plan", *options, "--json").succeeded().json
        executed = eng5_here(capsys, "execute", *options, "--output", tmp_path / "run").succeeded()
    assert f"anthropic at {where} (ANTHROPIC_BASE_URL)" in planned
    assert words in planned
    assert words in json.dumps(as_json["warnings"])
    assert words in executed.err  # before anything is spent
    assert words in executed.out
    assert words in eng5_here(capsys, "status").succeeded().out
    run = read_run(tmp_path / "run")
    validate_run(run)
    assert run["settings"]["judge_addresses"] == {"anthropic": where}
    assert [one["code"] for one in run["warnings"]].count("other_address") == 1
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert words.replace("'", "&#x27;") in report


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (f"https://me:{HUSH}@proxy.test:8443/{HUSH}/v1?key={HUSH}", "https://proxy.test:8443"),
        ("http://[::1]:9000/v1", "http://[::1]:9000"),
        ("https://openai.com.example.org/v1", "https://openai.com.example.org"),
        ("https://api.openai.com/v1", None),
        ("https://eu.api.openai.com/v1", None),
        ("not an address", None),
        (None, None),
    ],
)
def test_of_an_address_only_scheme_host_and_port_are_told(monkeypatch, address, place) -> None:
    if address is None:
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    else:
        monkeypatch.setenv("OPENAI_BASE_URL", address)
    found = address_of("openai")
    assert (found.place if found else None) == place


def test_a_provider_without_an_address_of_its_own_is_told_without_a_warning(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://localhost:11434/v1")
    found = address_of("openai_compatible")
    assert found is not None and (found.place, found.instead_of_vendor) == (
        "http://localhost:11434",
        False,
    )
    assert address_of("mock") is None
