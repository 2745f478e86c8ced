"""A worker that is ready shows 0 for what never happened, so that the first time is an increase."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.unit.deploy.expressions import RULES, selected
from tests.unit.metrics.declared import everything

ROOT = Path(__file__).resolve().parents[3]
SHOW = """
import json
import django
django.setup()
from prometheus_client import REGISTRY
from cjproject.zero_counts import begin_at_zero
begin_at_zero()
begin_at_zero()
print(json.dumps([(s.name, s.labels, s.value) for f in REGISTRY.collect() for s in f.samples]))
"""


Sample = tuple[str, dict[str, str], float]


def shown(folder: Path, **settings: str) -> list[Sample]:
    # In a process of its own: what this one has counted stays for good. Its database is empty.
    ended = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        env={**os.environ, "CJ_DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return [(name, labels, value) for name, labels, value in json.loads(ended.stdout)]


def are_all_zero(samples: list[Sample]) -> bool:
    values = [
        value
        for name, _, value in samples
        if re.match("cj_|llm_", name) and not name.endswith("_created")
    ]
    return bool(values) and set(values) == {0.0}


def test_every_series_without_a_model_is_there_at_zero(tmp_path):
    samples = shown(tmp_path)
    names = {name for name, _, _ in samples}
    for one in everything():
        if one.kind == "gauge":
            continue
        name = one.name + ("_count" if one.kind == "histogram" else "")
        assert (name in names) == ("model" not in one.labels), name
    assert are_all_zero(samples)


def test_the_counters_of_the_default_model_are_there_at_zero(tmp_path):
    """And what alerts ask for by a word is there under that word."""
    samples = shown(tmp_path, CJ_ASSESSMENT_SERVICE_DEFAULT_LLM_PROVIDER="anthropic")
    names = {name for name, _, _ in samples}
    assert {one.name for one in everything() if one.kind == "counter"} <= names
    assert are_all_zero(samples)
    for rule in RULES:
        for metric in selected(rule["expr"]):
            there = [labels for name, labels, _ in samples if name == metric.name]
            kinds = {one.name: one.kind for one in everything()}
            if kinds.get(metric.name) != "counter":
                continue
            for label, values in metric.asked:
                assert {*values} <= {labels.get(label) for labels in there}
