"""A batch job's worker and beat, killed at every stage: it is bought once, and comes home."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from llmprovider.emulator import Emulator, SetClock
from tests.integration.eng5.folders import write_essays
from tests.integration.eng5.job_runs import BY_JOBS, SLOW, SOON, charged
from tests.servers.conftest import MakeSite
from tests.servers.processes import Child, wait_until
from tests.servers.sites import Site, run_in

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]

ALL = 7200.0  # seconds in which the vendor ends every job
SECONDS = 240
IMPATIENT = {
    **SOON,
    "LLM_PROVIDER_SERVICE_PROCESSING_LEASE_SECONDS": "5",
    # While the vendor takes no job it is offered again and again, until the crew is killed.
    "LLM_PROVIDER_SERVICE_QUEUE_MAX_ATTEMPTS": "50",
}
CREW = "crew"
DEAD = "FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"


class Crew:
    """Worker and beat, with sweeps every two seconds; killed and started again at will."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.members: list[Child] = []

    def start(self) -> None:
        named = ("env", f"PGAPPNAME={CREW}")  # by which PostgreSQL knows their connections
        celery = (*named, sys.executable, "-m", "celery", "-A", "tests.chaos.apps")
        queues = ("--queues", "assessment,upkeep,jobs,provider")
        worker = (*celery, "worker", *queues, "--concurrency", "6", "--loglevel", "INFO")
        self.members = [
            self.site.start("worker", worker),
            self.site.start("beat", (*celery, "beat")),
        ]

    def kill_when(self, seen: Callable[[], bool], what: str) -> None:
        wait_until(seen, SECONDS, what, self.site.children, alive=self.members)
        for member in self.members:
            member.kill()
            assert member.returncode == -signal.SIGKILL
        with psycopg.connect(self.site.database_url, autocommit=True) as connection:

            def let_go() -> bool:
                # While a statement waits for a lock (`locked`), PostgreSQL does not notice that
                # whoever sent it has died, and keeps the locks that it has.
                waiting = f"SELECT pg_terminate_backend(pid) {DEAD} AND wait_event_type = 'Lock'"
                connection.execute(waiting, [CREW])
                return connection.execute(f"SELECT count(*) {DEAD}", [CREW]).fetchone() == (0,)

            # What they sent last may only now be carried out.
            wait_until(let_go, SECONDS, "PostgreSQL to be done with the dead")
            # Who tends a job holds it for minutes; the dead let go when these are over.
            connection.execute("UPDATE llmprovider_batchjob SET next_check_at = now()")


@contextmanager
def locked(site: Site, table: str) -> Iterator[None]:
    """Nobody else can write to the table meanwhile: who comes to it waits there."""
    with psycopg.connect(site.database_url) as connection:
        connection.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")  # type: ignore[arg-type]
        yield


def test_a_job_is_bought_once_and_comes_home(make_site: MakeSite, tmp_path: Path) -> None:
    """T19, issue 6: killed before and after the vendor has it, between two looks, while its
    results are read, and while scores are written."""
    clock = SetClock(time.time())
    with (
        Emulator(SLOW, clock=clock) as vendor,
        make_site(**IMPATIENT, **vendor.environment) as site,
    ):
        crew = Crew(site)
        crew.start()

        def rows(where: str) -> Callable[[], bool]:
            return lambda: bool(site.value(f"SELECT count(*) FROM {where}"))  # noqa: S608

        vendor.fail_next("unavailable", times=1_000, at="create")
        run = site.start_manage(
            *("eng5", "execute", *map(str, write_essays(tmp_path / "essays"))),
            *("--judge", "anthropic:claude-haiku-4-5", *BY_JOBS, "--seed", "1"),
            *("--output", tmp_path / "run"),
        )
        submitting = "llmprovider_batchjob WHERE status IN ('preparing', 'submitting')"
        crew.kill_when(rows(submitting), "a job that is being sent")
        assert not vendor.jobs
        vendor.state.faults.clear()
        vendor.fail_jobs("no_reply")
        crew.start()
        crew.kill_when(lambda: bool(vendor.jobs), "the vendor to have the job, and not to say so")
        assert not site.value("SELECT count(*) FROM llmprovider_batchjob WHERE vendor_id <> ''")
        crew.start()
        crew.kill_when(rows("llmprovider_batchjob WHERE checks > 1"), "looks at the job")
        clock.move(ALL)
        with locked(site, "llmprovider_providercall"):
            crew.start()
            crew.kill_when(
                rows("llmprovider_batchjob WHERE status = 'collecting'"), "its results to be read"
            )
        with locked(site, "assessment_gradeprojection"):
            crew.start()
            crew.kill_when(rows("assessment_batch WHERE status = 'SCORING'"), "scores to come")
            assert not site.value("SELECT count(*) FROM assessment_gradeprojection")
        crew.start()

        assert run.wait(SECONDS) == 0, "\n".join(child.tail() for child in site.children)
        found = run_in(tmp_path / "run")
        assert found["batch"]["status"] == "COMPLETED"
        pairs = {frozenset((row["essay_a"], row["essay_b"])) for row in found["comparisons"]}
        assert len(pairs) == len(found["comparisons"]) == found["batch"]["completed"] == 55
        assert [job["counts"]["succeeded"] for job in vendor.jobs] == [55]
        assert sum(call["items"] for call in found["calls"] if call["error_type"] is None) == 55
        assert found["cost"]["usd"] == charged(vendor)
        assert site.value("SELECT count(*) FROM assessment_outgoingevent") == 1
