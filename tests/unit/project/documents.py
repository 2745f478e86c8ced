"""The documents that people read, and what stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROJECT

BLOCK = re.compile(r"^ *```(?P<kind>\w*)[^\n]*\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?:\]\(|src=\")(?!https?:|mailto:)([^)\s\"]+)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """README, CHANGELOG and everything in docs/."""
    top = [PROJECT / "README.md", PROJECT / "CHANGELOG.md"]
    return [*top, *sorted((PROJECT / "docs").rglob("*.md"))]


def blocks(path: Path, kind: str) -> list[str]:
    """The fenced blocks of one kind, without the indent that a list gives them."""
    found = []
    for block in BLOCK.finditer(path.read_text(encoding="utf-8")):
        if block["kind"] == kind:
            lines = block["text"].splitlines()
            indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
            found.append("\n".join(line[indent:] for line in lines))
    return found


def links(path: Path) -> list[str]:
    return LINK.findall(BLOCK.sub("", path.read_text(encoding="utf-8")))


def anchors(path: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}


def queries(path: Path) -> Iterator[str]:
    """The PromQL of a page: an expression begins after each comment."""
    for block in blocks(path, "promql"):
        lines: list[str] = []
        for line in [*block.splitlines(), "#"]:
            if line.startswith("#"):
                if lines:
                    yield "\n".join(lines)
                lines = []
            else:
                lines.append(line)
