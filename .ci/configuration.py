"""Write docs/configuration.md: every setting and environment variable, as the code has them.

`--write` writes it; without, exit code 1 says that the document is out of date. The settings come
from the two settings classes. What else is read from the environment is described below; a test
holds that list to what the source reads.
"""

import ast
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "configuration.md"
SOURCES = ("cjproject", "assessment", "llmprovider")
# Functions that read the variable named first; what names a vendor's key is handed to one of these.
READERS = {"get", "getenv", "setdefault", "pop", "_required", "_rate"} | {
    "key_problem",
    "usable_key",
    "address_problem",
    "base_url_problem",
}

# Heading: {variable: (default, meaning)}.
ENVIRONMENT: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Database, broker, files": {
            "DATABASE_URL": (
                "a SQLite file in `CJ_DATA_DIR`",
                "PostgreSQL: `postgres://user:password@host/name`; begins with `postgres://` or "
                "`postgresql://` only",
            ),
            "REDIS_URL": (
                "none: broker and workers live in the process",
                "broker and cache: `redis://host:6379/0`; begins with `redis://` or `rediss://` "
                "only. With it, workers and beat are processes of their own, and `DATABASE_URL` "
                "must name a PostgreSQL database",
            ),
            "CJ_DATA_DIR": (
                "`var/`",
                "folder of the embedded database, its lock, the local secret key and files of jobs "
                "that are being sent",
            ),
        },
        "Web": {
            "DJANGO_PRODUCTION": (
                "off",
                "`1` turns the protective settings on (https only, safe cookies), and then demands "
                "the next two",
            ),
            "DJANGO_SECRET_KEY": (
                "one per data folder, made at first use",
                "signs sessions and forms; long and random",
            ),
            "DJANGO_ALLOWED_HOSTS": (
                "this machine",
                "host names the site answers to, separated by commas; production only",
            ),
            "DJANGO_NUM_PROXIES": (
                "none",
                "how many proxies stand before the web process, so that throttles see the "
                "client's address",
            ),
            "DJANGO_API_WRITE_RATE": (
                "`120/minute`",
                "requests of one user that store or cancel something; per second, minute, hour or "
                "day",
            ),
            "DJANGO_API_READ_RATE": ("`1200/minute`", "requests of one user that only read"),
            "DJANGO_DEBUG": ("off", "`1` shows error pages with code; never in production"),
            "BIND": ("`127.0.0.1:8000`", "address and port of `make web`"),
            "WEB_CONCURRENCY": (
                "2",
                "web processes, of 8 threads each; on the embedded default there is one",
            ),
        },
        "Judges": {
            "ANTHROPIC_API_KEY": ("none", "key of the provider `anthropic`"),
            "ANTHROPIC_BASE_URL": (
                "the vendor's own",
                "another address for the same requests; plans, status and reports tell of it",
            ),
            "OPENAI_API_KEY": ("none", "key of the provider `openai`"),
            "OPENAI_BASE_URL": ("the vendor's own", "as `ANTHROPIC_BASE_URL`"),
            "OPENAI_COMPATIBLE_BASE_URL": (
                "none",
                "address of the provider `openai_compatible`: `http://localhost:11434/v1`",
            ),
            "OPENAI_COMPATIBLE_API_KEY": ("none", "its key, if it wants one"),
        },
        "Metrics and logs": {
            "METRICS_TOKEN": (
                "none: staff only",
                "whoever shows it as bearer token may read `/metrics`",
            ),
            "METRICS_PORT": ("none: no endpoint", "port of a worker's or beat's `/metrics`"),
            "METRICS_ADDRESS": (
                "`127.0.0.1`",
                "IP address of that endpoint; one that others can reach needs `METRICS_TOKEN`",
            ),
            "PROMETHEUS_MULTIPROC_DIR": (
                "a temporary one where needed",
                "folder in which the processes of one group keep their counts; emptied at start",
            ),
            "LOG_FORMAT": (
                "`json` in production, else `plain`",
                "how a line of the log is written",
            ),
            "LOG_LEVEL": ("`INFO`; `eng5`: `WARNING`", "`INFO` shows every call and decision"),
        },
        "docker-compose.yml alone": {
            "POSTGRES_PASSWORD": (
                "none: must be set",
                "of the database it starts; letters and digits",
            ),
            "GRAFANA_PASSWORD": (
                "none: must be set",
                "of Grafana's user `admin`; counts at Grafana's first start only",
            ),
            "WEB_PORT": ("8000", "port of the site on this machine"),
            "PROMETHEUS_PORT": ("9090", "port of Prometheus on this machine"),
            "GRAFANA_PORT": ("3000", "port of Grafana on this machine"),
            "WORKERS": ("1", "how many `worker`"),
            "JUDGE_WORKERS": (
                "1",
                "how many `judge-worker`; LLM_PROVIDER_SERVICE_PROVIDER_WORKERS is 16 for each",
            ),
            "WORKER_PROCESSES": ("4", "processes of each `worker`"),
            "ESSAY_JUDGE_VERSION": ("`latest`", "tag of the image that it builds and runs"),
        },
        "Set by the program itself": {
            "DJANGO_SETTINGS_MODULE": ("`cjproject.settings`", "leave it"),
            "OPENBLAS_NUM_THREADS": (
                "1",
                "threads of one fit; more of them make small fits slower on a busy machine",
            ),
        },
    }
)

HEAD = """\
# Configuration

Everything is set by environment variables, and nothing needs to be: without any, the embedded
default runs. Every process of one installation needs the same values, but for addresses and ports.
They are read at the start of a process, so a change needs a restart. With compose that is
`docker compose up -d`, never `docker compose restart`, which keeps the old values
([deployment.md](deployment.md#start)).

A value that cannot be used ends the start with one line that names its variable, and exit code 2.
A name with one of the prefixes below that is no setting changes nothing: `eng5`, `manage.py check`
and `migrate` warn of it and name the nearest one that is.

A batch keeps what it was created with: mode, judges, pairing, budget, caps, seed. It also records
all settings of that moment for its report; those that bear on how it goes on (waves, retries,
thresholds, time-outs) hold as they are now.

This page is written from the code by `.ci/configuration.py --write`, and a test compares the two.
"""

SERVICES = (
    (
        "How essays are judged: `CJ_ASSESSMENT_SERVICE_`",
        "Put the prefix in front: `CJ_ASSESSMENT_SERVICE_MAX_ITERATIONS=20`.",
    ),
    (
        "The judge service: `LLM_PROVIDER_SERVICE_`",
        "Put the prefix in front: `LLM_PROVIDER_SERVICE_PROVIDER_WORKERS=32`.",
    ),
)


def document() -> str:
    """docs/configuration.md, as it has to be."""
    return "\n".join([HEAD, *_environment(), *_services()]).rstrip() + "\n"


def described() -> set[str]:
    return {name for variables in ENVIRONMENT.values() for name in variables}


def variables_read(source: str) -> set[str]:
    """Environment variables that Python source reads, by a literal or by a constant of the file."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return {
        name.value
        for asked in _asked(tree)
        for name in [constants.get(asked.id) if isinstance(asked, ast.Name) else asked]
        if isinstance(name, ast.Constant) and isinstance(name.value, str)
    }


def _asked(tree: ast.Module) -> Iterator[ast.expr]:
    """What stands where the name of a variable does."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and _is_environ(node.value)
        ):
            yield node.slice
        elif isinstance(node, ast.Compare) and any(map(_is_environ, node.comparators)):
            yield node.left
        elif isinstance(node, ast.Call) and node.args:
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr in READERS:
                if _is_environ(called.value) or called.attr == "getenv":
                    yield node.args[0]
            elif isinstance(called, ast.Name) and called.id in READERS:
                yield node.args[0]


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def project_reads() -> set[str]:
    """Environment variables that the project's code and its compose file read."""
    paths = [path for folder in SOURCES for path in (PROJECT / folder).rglob("*.py")]
    read = {
        name
        for path in [*paths, PROJECT / "manage.py"]
        for name in variables_read(path.read_text(encoding="utf-8"))
    }
    compose = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    passed = set(re.findall(r"\$\{([A-Z0-9_]+)", compose))
    settings = {f"{prefix}_SERVICE_" for prefix in ("CJ_ASSESSMENT", "LLM_PROVIDER")}
    return read | {name for name in passed if not name.startswith(tuple(settings))}


def _environment() -> Iterator[str]:
    for heading, variables in ENVIRONMENT.items():
        yield f"## {heading}\n"
        yield _table(
            ("Variable", "Default", "Meaning"),
            [(f"`{name}`", default, meaning) for name, (default, meaning) in variables.items()],
        )


def _services() -> Iterator[str]:
    for (heading, words), settings in zip(SERVICES, _classes(), strict=True):
        rows = [
            (f"`{name}`", _default(name, field), _allowed(field), _sentence(field))
            for name, field in settings.model_fields.items()
        ]
        yield f"## {heading}\n\n{words}\n"
        yield _table(("Setting", "Default", "Values", "Meaning"), rows)


def _classes() -> tuple[type[BaseSettings], type[BaseSettings]]:
    sys.path.insert(0, str(PROJECT))
    from assessment.conf import AssessmentSettings
    from llmprovider.conf import ProviderSettings

    return AssessmentSettings, ProviderSettings


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _default(name: str, field: FieldInfo) -> str:
    value: Any = field.default
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, SecretStr) or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return f"`{str(value).replace(chr(39), chr(34))}`"
    if isinstance(value, str):
        return f"`{value}`"
    hours = value / 3600
    plain = f"{value:,g}" if value < 1e6 else f"{value:,}"
    return f"{plain} ({hours:g} h)" if name.endswith("_SECONDS") and hours >= 1 else plain


def _allowed(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    if kind is bool:
        return "`true`, `false`"
    if kind in (int, float):
        return " ".join(["whole number" if kind is int else "number", *_bounds(field)])
    if kind is SecretStr:
        return "text, kept secret"
    return "text" if kind is str else "JSON"


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge(ge=least):
                yield f"from {least:,}"
            case annotated_types.Gt(gt=least):
                yield f"above {least:,}"
            case annotated_types.Le(le=most):
                yield f"to {most:,}"


def _sentence(field: FieldInfo) -> str:
    """The description, with the pages that it names as links."""
    return re.sub(r"docs/(\w+\.md)", r"[\1](\1)", field.description or "")


def main(write: bool) -> int:
    wanted = document()
    if write:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{DOCUMENT} is out of date: run .ci/configuration.py --write")  # noqa: T201
    return 1


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the document")
    sys.exit(main(parser.parse_args().write))
