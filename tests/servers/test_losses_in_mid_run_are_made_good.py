"""A worker or the broker's messages are lost while a batch is judged; the rows bring it home."""

import signal
import time
from functools import partial
from pathlib import Path

import pytest
import redis

from tests.servers.conftest import MakeSite
from tests.servers.processes import POLL_SECONDS, Child, wait_until
from tests.servers.sites import Site, run_in, sample_run

pytestmark = pytest.mark.servers

# Dead leases and lost messages show at once, not after minutes.
IMPATIENT = {
    "LLM_PROVIDER_SERVICE_PROCESSING_LEASE_SECONDS": "5",
    "LLM_PROVIDER_SERVICE_LOST_MESSAGE_SECONDS": "2",
    # One wave with a middle that lasts, not thirty short ones.
    "CJ_ASSESSMENT_SERVICE_COMPARISONS_PER_STABILITY_CHECK_ITERATION": "200",
}
COMPARISONS = 200
# A call takes a few milliseconds, so most moments are between calls.
ATTEMPTS = 20
FROZEN_SECONDS = 1
CALLS_OF_THE_OTHER = 4
# Beat looks every 15 seconds, and may have to look more than once.
SECONDS = 180


def begin(site: Site, output: Path) -> Child:
    """A run of many calls, seen when some of its first wave are answered and some are not."""
    run = site.start_manage(
        *sample_run(output, "--max-comparisons", str(COMPARISONS), "--seed", "5"),
        *("--llm-batching-mode", "per_request"),
    )
    wait_until(
        lambda: site.value("SELECT count(*) FROM llmprovider_providercall") >= 20,
        60,
        "the first calls",
        alive=[run],
    )
    return run


def freeze_in_mid_call(site: Site, worker: Child) -> None:
    """Stop the worker's processes while they hold a comparison; the other worker goes on."""

    def calls() -> int:
        return int(site.value("SELECT count(*) FROM llmprovider_providercall"))

    def leases() -> set[object]:
        held = "SELECT lease_token FROM llmprovider_queueitem WHERE status = 'processing'"
        return {token for (token,) in site.rows(held)}

    def more_calls(than: int) -> bool:
        return calls() >= than + CALLS_OF_THE_OTHER

    for _ in range(ATTEMPTS):
        worker.send_to_all(signal.SIGSTOP)
        before, held = calls(), leases()
        # What is still leased after so many calls of the other worker is not the other's.
        deadline = time.monotonic() + FROZEN_SECONDS
        while not more_calls(before) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if more_calls(before) and held & leases():
            return
        # Else it held nothing, or a lock that the other worker waits for: let it get on.
        worker.send_to_all(signal.SIGCONT)
        thawed = calls()
        wait_until(partial(more_calls, thawed), 30, "the workers to go on", alive=[worker])
    pytest.fail(f"{worker.name} was never seen in mid-call\n{worker.tail()}")


def assert_each_comparison_was_answered_once(site: Site, output: Path) -> None:
    batch = run_in(output)["batch"]
    assert batch["status"] == "COMPLETED"
    assert batch["failed"] == 0
    assert batch["completed"] == batch["submitted"]
    statuses = site.rows("SELECT status, count(*) FROM assessment_comparisonpair GROUP BY status")
    assert statuses == [("succeeded", batch["completed"])]
    answers = site.rows(
        "SELECT outcome, count(*), count(DISTINCT pair_id) FROM assessment_pairattempt "
        "GROUP BY outcome"
    )
    assert answers == [("recorded", batch["completed"], batch["completed"])]
    undelivered = "SELECT count(*) FROM llmprovider_queueitem WHERE delivered_at IS NULL"
    assert site.value(undelivered) == 0
    # A call that its worker did not live to answer has no end, and is made again.
    answered = "SELECT count(*) FROM llmprovider_providercall WHERE finished_at IS NOT NULL"
    assert site.value(answered) == batch["completed"]


def test_a_worker_that_is_killed_loses_nothing(make_site: MakeSite, tmp_path: Path) -> None:
    """T2, T36."""
    with make_site(**IMPATIENT) as site:
        site.start_beat()
        first, _ = site.start_workers("first", "second")
        run = begin(site, tmp_path / "run")
        freeze_in_mid_call(site, first)
        first.kill()
        assert first.returncode == -signal.SIGKILL
        assert run.returncode is None
        assert run.wait(SECONDS) == 0, "\n".join(child.tail() for child in site.children)
        assert site.value("SELECT max(claims) FROM llmprovider_queueitem") > 1
        assert_each_comparison_was_answered_once(site, tmp_path / "run")


def test_messages_lost_with_the_broker_are_sent_again(make_site: MakeSite, tmp_path: Path) -> None:
    """T6."""
    with make_site(**IMPATIENT) as site:
        site.start_beat()
        site.start_workers("first", "second")
        run = begin(site, tmp_path / "run")
        with redis.Redis.from_url(site.redis_url) as broker:
            broker.flushdb()
        assert run.returncode is None
        assert run.wait(SECONDS) == 0, "\n".join(child.tail() for child in site.children)
        assert_each_comparison_was_answered_once(site, tmp_path / "run")
