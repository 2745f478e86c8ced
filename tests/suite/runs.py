"""Runs: a scenario played by the project's own processes, from an empty installation."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assessment.intake import read_folder, read_truth
from assessment.measurement.scales import SCALES
from llmprovider.emulator import Clock, Emulator
from llmprovider.providers.latent_quality import LatentJudge
from tests.servers.postgresql import running_postgresql
from tests.servers.processes import Child
from tests.servers.redis_servers import running_redis
from tests.servers.sites import SAMPLES, Site
from tests.suite.evidence import Evidence, hints_of, rows_of, samples_in
from tests.suite.invariants import Check, checks
from tests.suite.scenarios import JUDGE, Scenario

STACKS = ("embedded", "servers")
PATIENCE = 540.0
SEED = 7


@dataclass(frozen=True)
class Verdict:
    """What held and what did not; `told`: what the processes said last."""

    evidence: Evidence
    checks: list[Check]
    seconds: float
    told: str

    @property
    def wrong(self) -> list[Check]:
        return [check for check in self.checks if not check.holds]


def play(scenario: Scenario, stack: str, folder: Path) -> Verdict:
    """Run the scenario's batch to its end and look at everything it left in `folder`."""
    started = time.monotonic()
    with (
        Emulator(
            scenario.emulated, judge=_judge(scenario), clock=Clock(scenario.speed)
        ) as emulator,
        _site(stack, folder, scenario, emulator) as site,
    ):
        counts = folder / "metrics"
        counts.mkdir()
        # Every process that counts keeps its counts here, also when it has ended.
        site.environment["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
        if stack == "servers":
            site.start_workers("first", "second")
            site.start_beat()
        code = _ended(site.start_manage("eng5", "execute", *_options(scenario, folder)))
        del site.environment["PROMETHEUS_MULTIPROC_DIR"]
        doctor = _ended(site.start_manage("cj_doctor"))
        for child in site.children:
            child.stop(60)  # a worker counts after it has committed what the command saw
        found = Evidence(
            exit_code=code,
            doctor=doctor,
            rows=rows_of(site),
            hints=hints_of(site),
            samples=samples_in(counts),
            vendor_faults=sum(bool(call.fault) or call.status >= 400 for call in emulator.calls),
            vendor_calls=sum(bool(call.items) and not call.job for call in emulator.calls),
        )
        told = "\n".join(child.tail() for child in site.children)
    return Verdict(found, checks(scenario, found), time.monotonic() - started, told)


@contextmanager
def _site(stack: str, folder: Path, scenario: Scenario, emulator: Emulator) -> Iterator[Site]:
    with ExitStack() as closing:
        servers: dict[str, str] = {}
        if stack == "servers":
            postgresql = closing.enter_context(running_postgresql())
            broker = closing.enter_context(running_redis())
            servers = {
                "database_url": postgresql.create_database("suite"),
                "redis_url": broker.url(0),
            }
        site = closing.enter_context(
            Site(folder, **servers, **emulator.environment, **scenario.settings)
        )
        if servers:
            site.manage("migrate", "--verbosity", "0")
        yield site


def _judge(scenario: Scenario) -> LatentJudge:
    """One that reads the texts, unless the profile says who wins."""
    if scenario.first_share is not None:
        return LatentJudge()
    files = [
        file for name in ("students", "anchors") for file in read_folder(SAMPLES / name, "student")
    ]
    truth = read_truth(SAMPLES / "grades.csv", files, SCALES["eng5_np_legacy_9_step"].labels)
    return LatentJudge(truth=truth)


def _options(scenario: Scenario, folder: Path) -> list[str | Path]:
    students, anchors = folder / "students", folder / "anchors"
    students.mkdir()
    graded = anchors if scenario.graded and scenario.anchors else students
    graded.mkdir(exist_ok=True)
    for source, target, number in (
        ("students", students, scenario.students),
        ("anchors", graded, scenario.anchors),
    ):
        for path in sorted((SAMPLES / source).glob("*.txt"))[:number]:
            shutil.copy(path, target)
    options: list[str | Path] = ["--students", students]
    if graded is anchors:
        options += ["--anchors", anchors, "--grades", SAMPLES / "grades.csv"]
    return [
        *options,
        *("--task", SAMPLES / "task.md", "--rubric", SAMPLES / "rubric.md"),
        *("--judge", JUDGE, "--llm-batching-mode", scenario.mode),
        *("--max-comparisons", str(scenario.comparisons), "--seed", str(SEED)),
        *("--output", folder / "run"),
    ]


def _ended(child: Child) -> int:
    return child.wait(PATIENCE)
