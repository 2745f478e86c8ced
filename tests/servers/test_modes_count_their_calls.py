"""What each mode sends to the provider, counted in the rows that the workers wrote."""

from pathlib import Path
from typing import Any

import pytest

from tests.servers.sites import Site, run_in, sample_run

pytestmark = pytest.mark.servers


def run(site: Site, output: Path, mode: str) -> dict[str, Any]:
    site.start_workers("first", "second")
    site.manage(
        *sample_run(output, "--max-comparisons", "60", "--seed", "1", "--llm-batching-mode", mode)
    )
    return run_in(output)


def test_per_request_makes_a_call_per_comparison(site: Site, tmp_path: Path) -> None:
    document = run(site, tmp_path / "run", "per_request")
    calls = site.value("SELECT count(*) FROM llmprovider_providercall")
    assert calls == len(document["comparisons"]) == document["cost"]["calls"] > 0


def test_serial_bundle_makes_a_call_per_bundle(site: Site, tmp_path: Path) -> None:
    document = run(site, tmp_path / "run", "serial_bundle")
    calls = site.value("SELECT count(*) FROM llmprovider_providercall")
    assert calls == site.value("SELECT count(*) FROM llmprovider_bundle")
    assert 0 < calls < len(document["comparisons"])
