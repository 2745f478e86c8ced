"""A worker that is ready shows 0 for what never happened, so that the first time is an increase."""

import json
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


def test_every_series_without_a_model_is_there_at_zero():
    # In a process of its own: what this one has counted stays for good.
    ended = subprocess.run(
        [sys.executable, "-c", SHOW], cwd=ROOT, capture_output=True, text=True, check=True
    )
    samples = json.loads(ended.stdout)
    names = {name for name, _, _ in samples}
    for one in everything():
        if one.kind == "gauge":
            continue
        shown = one.name + ("_count" if one.kind == "histogram" else "")
        assert (shown in names) == ("model" not in one.labels), shown
    values = [
        value
        for name, _, value in samples
        if re.match("cj_|llm_", name) and not name.endswith("_created")
    ]
    assert values and set(values) == {0.0}
    # What alerts ask for by a word is there under that word.
    for rule in RULES:
        for metric in selected(rule["expr"]):
            for label, values in metric.asked:
                shown = [labels for name, labels, _ in samples if name == metric.name]
                assert not shown or {*values} <= {labels.get(label) for labels in shown}
