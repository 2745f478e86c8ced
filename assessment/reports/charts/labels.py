"""File names short enough to stand beside a picture, and still tell essays apart."""

from collections.abc import Sequence

WIDE = 24
NARROW = 13
SUFFIXES = (".txt", ".md", ".docx", ".pdf")


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Each name without its file suffix, unless that would make two of them alike."""
    stems = {name: _stem(name) for name in names}
    if len(set(stems.values())) < len(stems):
        return {name: name for name in names}
    return stems


def clip(label: str, width: int) -> str:
    """At most `width` characters; the middle goes, because numbers tend to stand at the end."""
    if len(label) <= width:
        return label
    tail = (width - 1) * 3 // 5
    return f"{label[: width - 1 - tail]}…{label[-tail:]}"


def _stem(name: str) -> str:
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name
