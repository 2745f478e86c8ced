"""The project's own Python files, and what they import."""

import ast
from pathlib import Path

from tests.conftest import PROJECT

APPS = ("assessment", "llmprovider")


def modules(*places: str) -> list[Path]:
    """Python files of apps, packages or single modules, migrations aside."""
    found: list[Path] = []
    for place in places:
        path = PROJECT / place
        found += [path.with_suffix(".py")] if not path.is_dir() else path.rglob("*.py")
    return sorted(path for path in found if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(path: Path) -> set[str]:
    """Dotted names that a file imports anywhere, inside functions too.

    `from a.b import c` is `a.b.c`, so that a name and a submodule look alike.
    """
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
