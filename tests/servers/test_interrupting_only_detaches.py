"""Ctrl-C on a run that workers of their own judge: the run goes on without its terminal."""

import re
import signal
from pathlib import Path

import psycopg
import pytest

from tests.servers.processes import wait_until
from tests.servers.sites import Site, run_in, sample_run

pytestmark = pytest.mark.servers

COMPARISONS = 500


def test_ctrl_c_detaches_and_the_workers_finish(site: Site, tmp_path: Path) -> None:
    site.start_workers("first", "second")
    options = ("--max-comparisons", str(COMPARISONS), "--llm-batching-mode", "per_request")
    execute = site.start_manage(*sample_run(tmp_path / "run", "--seed", "3", *options))
    wait_until(
        lambda: site.value("SELECT coalesce(sum(completed), 0) FROM assessment_batch") > 0,
        120,
        "the first answers",
        alive=[execute],
    )
    with psycopg.connect(site.database_url) as other:
        # No further answer is recorded, so that the batch cannot end before this has been seen.
        other.execute("LOCK TABLE assessment_pairattempt IN SHARE ROW EXCLUSIVE MODE")
        execute.send(signal.SIGINT)
        assert execute.wait(120) == 1, execute.tail()
        [(batch, status)] = site.rows("SELECT id, status FROM assessment_batch")
    assert status == "COMPARING"
    said = execute.stderr
    assert "Detached" in said
    assert re.search(rf"Cancel it with: manage\.py eng5 cancel {batch}\b", said)
    assert re.search(rf"Follow it with: manage\.py eng5 resume {batch}\b", said)
    assert "Traceback" not in said
    assert not (tmp_path / "run" / "report.html").exists()

    def ended() -> bool:
        return bool(site.value("SELECT status FROM assessment_batch") == "COMPLETED")

    wait_until(ended, 300, "the workers to finish the batch", site.children)

    site.manage("eng5", "resume", str(batch))
    assert (tmp_path / "run" / "report.html").exists()
    document = run_in(tmp_path / "run")
    assert document["batch"]["status"] == "COMPLETED"
    assert document["batch"]["completed"] == len(document["comparisons"])
    judged = {(row["essay_a"], row["essay_b"]) for row in document["comparisons"]}
    assert len(judged) == len(document["comparisons"])
    assert document["cost"]["calls"] == len(document["comparisons"])
