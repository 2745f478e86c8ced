"""Every metric of this project: those that are counted, and those that are read from rows."""

import ast
from functools import lru_cache
from typing import NamedTuple

from prometheus_client import Counter, Histogram

from assessment import metrics as of_batches
from llmprovider import metrics as of_the_queue
from tests.conftest import PROJECT
from tests.unit.project.sources import APPS, modules, tree_of

MODULES = (of_the_queue, of_batches)


class Declared(NamedTuple):
    """`labels` in their order; `kind`: counter, histogram or gauge."""

    name: str
    labels: tuple[str, ...]
    kind: str
    help: str


def counted() -> dict[tuple[str, str], Counter | Histogram]:
    """Counters and histograms by app and the name of their object."""
    return {
        (module.__name__.split(".")[0], name): value
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, Counter | Histogram)
    }


def _of(metric: Counter | Histogram) -> Declared:
    total = "_total" if isinstance(metric, Counter) else ""
    kind = "counter" if total else "histogram"
    return Declared(metric._name + total, metric._labelnames, kind, metric._documentation)


def gauges() -> list[Declared]:
    """What the state modules declare, read from their source: to compute them takes a database."""
    found = []
    for app in APPS:
        for node in ast.walk(tree_of(PROJECT / app / "state_metrics.py")):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "GaugeMetricFamily":
                name, words = (ast.literal_eval(argument) for argument in node.args)
                labels = [ast.literal_eval(one.value) for one in node.keywords]
                found.append(Declared(name, tuple(labels[0]) if labels else (), "gauge", words))
    return found


def everything() -> list[Declared]:
    return [*map(_of, counted().values()), *gauges()]


@lru_cache(maxsize=1)
def names_read() -> set[tuple[str, str]]:
    """(app, NAME) of what any module but the declaring one imports and reads."""
    read = set()
    for app in APPS:
        for path in modules(app):
            if path == PROJECT / app / "metrics.py":
                continue
            nodes = list(ast.walk(tree_of(path)))
            names = [node.id for node in nodes if isinstance(node, ast.Name)]
            names += [node.attr for node in nodes if isinstance(node, ast.Attribute)]
            read |= {(app, name) for name in names}
    return read
