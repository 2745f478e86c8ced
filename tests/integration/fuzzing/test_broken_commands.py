"""Options and files made up: exit code 2 with a message, or the thing done; no traceback."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assessment.intake.errors import printable
from assessment.models import Assignment, Batch
from llmprovider.conf import ProviderSettings
from llmprovider.models import MockJudge
from tests.integration.eng5.folders import write, write_essays
from tests.integration.eng5.runner import eng5_here

QUICK = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
CELLS = st.one_of(
    st.sampled_from(["e00", "e01", "A", "essay_a", "essay_b", "", "1", "-1", "nan", "1e999"]),
    st.sampled_from(["=1+1", "\0", '"', "\ufeff", "a,b", "a;b", "\u202e", "x" * 3_000]),
    st.text(max_size=8),
)
TABLES = st.builds(
    lambda heading, rows, gap, end: end.join(gap.join(cells) for cells in [heading, *rows]),
    st.sampled_from(
        [
            ["essay_a", "essay_b", "winner"],
            ["item", "grade"],
            ["file", "grade"],
            ["file", "grade", "role"],
            ["winner"],
        ]
    ),
    st.lists(st.lists(CELLS, max_size=5), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
FILES = st.one_of(
    TABLES.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=80)
)


@QUICK
@given(decisions=FILES, anchors=st.none() | FILES)
def test_any_table_of_decisions_is_fitted_or_refused(
    tmp_path_factory: pytest.TempPathFactory, decisions: bytes, anchors: bytes | None
) -> None:
    """Issue 7: CSV."""
    folder = tmp_path_factory.mktemp("fit")
    (folder / "d.csv").write_bytes(decisions)
    options = [str(folder / "d.csv")]
    if anchors is not None:
        (folder / "a.csv").write_bytes(anchors)
        options += ["--anchors", str(folder / "a.csv"), "--grade-scale", "E,A"]
    out = io.StringIO()
    try:
        call_command("cj_fit", *options, "--format", "json", stdout=out)
    except CommandError as refused:
        assert refused.returncode == 2
        assert str(folder) in str(refused)
        assert str(refused).replace("\n", "").isprintable()
    else:
        assert json.loads(out.getvalue())["items"]


OPTIONS = (
    *("--max-comparisons", "--money-cap", "--seed", "--judgements-per-pair", "--max-tokens"),
    *("--mock-slope", "--mock-bias", "--mock-seed", "--temperature", "--grade-scale", "--judge"),
    *("--provider", "--model", "--price", "--pairing-strategy", "--llm-batching-mode", "--task"),
    *("--reasoning-effort", "--output-verbosity", "--students", "--anchors", "--rubric"),
)
VALUES = st.one_of(
    st.sampled_from(["", "0", "-1", "1e3", "nan", "inf", "-inf", "9" * 30, "1/0", "mock", ":"]),
    st.sampled_from(["A,B", "A,A", ",", "mock:x", "mock=1/2", "nan/1", "../..", "/dev/null", "\n"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
)


@pytest.fixture(autouse=True)
def _keep_the_log_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the tests' process, the command would turn the log down for the tests after it."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")


def stored() -> list[int]:
    return [model.objects.count() for model in (Assignment, Batch, MockJudge)]


@pytest.mark.django_db(transaction=True)
def test_any_value_of_an_option_is_planned_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 7: the command line. What is refused stores nothing, and says which option it was."""
    monkeypatch.chdir(tmp_path)  # nobody else writes where "" and "../.." lead from here
    essays = write_essays(tmp_path, students=4)

    @QUICK
    @given(st.sampled_from(OPTIONS), VALUES)
    def ask(option: str, value: str) -> None:
        before = stored()
        # Joined by =, so that a value may begin with a dash; a later option replaces an earlier.
        ended = eng5_here(capsys, "plan", "--provider", "mock", *essays, f"{option}={value}")
        assert ended.code in (0, 2), (option, value, ended)
        assert "Traceback" not in ended.err
        assert stored() == before
        if ended.code == 2:
            shown = printable(value, longest=20).removesuffix("...") or "folder"
            where = f"{printable(str(Path(value)))}: "  # "" is told as "."
            named = (option, option.removeprefix("--"), "--provider/--judge", value or shown, shown)
            scale = f"the scale ({', '.join(label.strip() for label in value.split(','))})"
            named += (where, scale)
            assert any(name in ended.err for name in named), (option, value, ended.err)

    ask()


@pytest.mark.django_db(transaction=True)
def test_any_table_of_grades_or_truth_is_taken_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    essays = write_essays(tmp_path, students=4)
    table = write(tmp_path / "table.csv", "")

    @QUICK
    @given(st.sampled_from(["--grades", "--mock-truth"]), FILES)
    def ask(option: str, content: bytes) -> None:
        before = stored()
        table.write_bytes(content)
        ended = eng5_here(capsys, "plan", "--provider", "mock", *essays, option, table)
        assert ended.code in (0, 2), (option, content, ended)
        assert "Traceback" not in ended.err
        assert stored() == before
        if ended.code == 2:
            assert str(table) in ended.err

    ask()


@pytest.mark.django_db(transaction=True)
def test_a_file_of_any_name_is_taken_or_named(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 7: file names. Any that this machine's disk takes."""

    @QUICK
    @given(st.binary(min_size=1, max_size=20) | st.text(min_size=1, max_size=12).map(os.fsencode))
    def ask(raw: bytes) -> None:
        folder = tmp_path_factory.mktemp("names")
        essays = write_essays(folder, students=4)
        name = os.path.join(os.fsencode(folder / "students"), raw.replace(b"/", b"") + b".txt")
        try:
            with open(name, "wb") as file:
                file.write(b"Schools are good.")
        except (OSError, ValueError):  # no name at all
            return
        ended = eng5_here(capsys, "plan", "--provider", "mock", *essays)
        assert ended.code in (0, 2), (raw, ended)
        assert "Traceback" not in ended.err
        (ended.out + ended.err).encode()
        if ended.code == 2:
            assert "students" in ended.err

    ask()


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["openai", "anthropic:x", "requests_per_minute", "concurrency", ""]),
            inner,
        )
    ),
    max_leaves=6,
)


@QUICK
@given(JSONS.map(json.dumps) | st.text(st.characters(exclude_characters="\0"), max_size=10))
def test_any_json_of_rate_limits_is_taken_or_named(value: str) -> None:
    """Issue 7: JSON. A bad setting stops the start with the setting's name."""
    with pytest.MonkeyPatch.context() as environment:
        try:
            environment.setenv("LLM_PROVIDER_SERVICE_RATE_LIMITS", value)
        except UnicodeEncodeError:  # no environment holds this
            return
        found: Any = None
        try:
            found = ProviderSettings().RATE_LIMITS
        except (ValidationError, ValueError) as error:
            assert "RATE_LIMITS" in str(error)
        else:
            assert all(limit >= 1 for one in found.values() for limit in one.per_minute().values())
