"""What an operator copies from the documents does what stands beside it."""

import re
import stat
import subprocess
from pathlib import Path

import pytest

from assessment.api.payloads import MAX_FORM_BYTES
from deploy.compose_files import required
from tests.conftest import PROJECT
from tests.unit.deploy.compose import OURS, SERVICES, TEXT
from tests.unit.project.documents import blocks, pages

DEPLOYMENT = PROJECT / "docs" / "deployment.md"
# `docker compose VERB [options] SERVICE ...`
WITH_SERVICES = {"exec", "logs", "stop", "run", "up"}
OPTIONS = re.compile(r"""(--user|--volume|--scale) +("[^"]*"|\S+)|(?<!\S)-\S+""")


def typed(page: Path, verb: str) -> list[str]:
    """What follows `docker compose VERB` on a page, up to the end of the line or the code."""
    return re.findall(rf"docker compose {verb}\b([^\n`|]*)", page.read_text(encoding="utf-8"))


def test_the_first_start_has_every_secret_in_a_file_of_its_owner(tmp_path: Path) -> None:
    """And later files of that shell, such as a `git pull`'s, are readable as ever."""
    text = DEPLOYMENT.read_text(encoding="utf-8")
    (block,) = [part for part in text.split("\n\n") if "secrets.token_hex" in part]
    script = block.split("docker compose")[0]
    subprocess.run(["sh", "-euc", f"umask 022\n{script}\ntouch later"], cwd=tmp_path, check=True)
    lines = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    assert required(TEXT) <= set(lines) and all(lines.values())
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "later").stat().st_mode) == 0o644


def test_the_proxy_of_the_manual_hands_on_what_the_site_goes_by() -> None:
    (nginx,) = blocks(DEPLOYMENT, "nginx")
    headers = dict(re.findall(r"proxy_set_header (\S+) (\S+);", nginx))
    assert headers == {
        "Host": "$http_host",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-For": "$proxy_add_x_forwarded_for",
    }
    (allowed,) = re.findall(r"client_max_body_size (\d+)m;", nginx)
    assert int(allowed) * 1024 * 1024 >= MAX_FORM_BYTES
    (published,) = SERVICES["web"]["ports"]
    port = re.search(r":-(\d+)", published)
    assert port is not None
    for example in (nginx, *blocks(DEPLOYMENT, "caddyfile")):
        assert f"127.0.0.1:{port.group(1)}" in example


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_compose_is_told_of_services_that_there_are(page: Path) -> None:
    for verb in WITH_SERVICES:
        for words in typed(page, verb):
            rest = OPTIONS.sub("", words).split()
            named = rest if verb in ("logs", "stop", "up") else rest[:1]
            assert set(named) <= set(SERVICES), f"docker compose {verb}{words}"


def test_the_lines_of_every_process_of_ours_are_collected() -> None:
    found = [words for words in typed(PROJECT / "docs" / "logs.md", "logs") if "prefix" in words]
    assert [set(OPTIONS.sub("", words).split()) for words in found] == [set(OURS) - {"migrate"}]
