"""docs/providers.md says what the code does: its tables are written from it."""

from pathlib import Path

import pytest

from llmprovider.contracts import RETRYABLE
from llmprovider.contracts.known_models import KNOWN_MODELS, KnownModel
from llmprovider.providers.anthropic_sdk import ANTHROPIC
from llmprovider.providers.registry import PROVIDERS
from llmprovider.providers.sdk_errors import of_status

DOCUMENT = Path(__file__).parents[3] / "docs" / "providers.md"


def temperature_of(known: KnownModel) -> str:
    if not known.temperature:
        return "no"
    return "with effort `none`" if known.default_effort not in ("", "none") else "yes"


def model_row(known: KnownModel) -> str:
    efforts = ", ".join(
        f"**{effort}**" if effort == known.default_effort else effort
        for effort in known.reasoning_efforts
    )
    cells = (
        f"`{known.provider}:{known.model}`",
        temperature_of(known),
        efforts or "-",
        ", ".join(known.verbosities) or "-",
        f"{known.max_output_tokens:,}",
        f"{known.context_window:,}",
        f"{known.min_cacheable_tokens:,}",
        str(known.retires or ""),
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def error_row(status: int) -> str:
    error = of_status(status, {}, {}, ANTHROPIC, "m")
    cells = (
        str(status),
        f"`{error.error_type}`",
        "yes" if error.error_type in RETRYABLE else "halved" if error.size else "no",
        "yes" if error.outage else "",
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([model_row(known) for known in KNOWN_MODELS.values()], id="models"),
        pytest.param([error_row(status) for status in STATUSES], id="errors"),
    ],
)
def test_its_tables_are_those_of_the_code(rows: list[str]) -> None:
    table = "\n".join(rows)
    text = DOCUMENT.read_text(encoding="utf-8")
    assert table in text, f"the table should read:\n{table}"


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
def test_it_names_every_provider_and_what_it_needs(provider) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    needed = (provider.key_variable, provider.address_variable, provider.base_url_variable)
    for name in filter(None, (provider.name, *needed)):
        assert f"`{name}`" in text
