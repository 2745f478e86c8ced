"""promtool (Debian: prometheus) says that the rules are sound, and fire when they should."""

import subprocess

import pytest
import yaml

from tests.conftest import PROJECT
from tests.unit.deploy.expressions import PANELS

pytestmark = pytest.mark.servers

FOLDER = PROJECT / "deploy" / "prometheus"


def promtool(*words: str) -> None:
    done = subprocess.run(
        ["promtool", *words], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_and_stays_quiet_as_its_cases_say() -> None:
    """T43; issue 8, item 2"""
    promtool("test", "rules", "tests.yml")


def test_a_case_that_does_not_hold_is_noticed(tmp_path) -> None:
    """That promtool would tell: the same cases with one alert expected too many."""
    (tmp_path / "rules.yml").write_text((FOLDER / "rules.yml").read_text())
    cases = (FOLDER / "tests.yml").read_text()
    (tmp_path / "tests.yml").write_text(cases.replace("exp_alerts: []", "exp_alerts: [{}]", 1))
    with pytest.raises(AssertionError, match="FAILED"):
        promtool("test", "rules", str(tmp_path / "tests.yml"))


def test_the_rules_are_sound() -> None:
    promtool("check", "rules", "rules.yml")


def test_every_panel_of_the_dashboard_holds_promql(tmp_path) -> None:
    found = [target["expr"] for panel in PANELS for target in panel["targets"]]
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(found)
    ]
    (tmp_path / "panels.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]})
    )
    promtool("check", "rules", str(tmp_path / "panels.yml"))


def test_the_configuration_is_sound(tmp_path) -> None:
    # The file of the token is a secret of the container; promtool wants to see one.
    token = tmp_path / "token"
    token.touch()
    text = (FOLDER / "prometheus.yml").read_text().replace("/run/secrets/metrics_token", str(token))
    (tmp_path / "prometheus.yml").write_text(text)
    (tmp_path / "rules.yml").write_text((FOLDER / "rules.yml").read_text())
    promtool("check", "config", str(tmp_path / "prometheus.yml"))
