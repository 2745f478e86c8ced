"""What happens in any process is visible where Prometheus scrapes."""

import signal
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.native import free_port
from tests.servers.processes import accepts_connections, wait_until
from tests.servers.sites import Site, sample_run

pytestmark = pytest.mark.servers

TOKEN = "token-of-the-scraper"  # noqa: S105
REQUESTS = 20
GAUGES = ("cj_beat_heartbeat_timestamp", "cj_batches", "llm_provider_queue_depth")


def scrape(port: int) -> dict[str, float]:
    """Sums over all labels, by the name of the sample; empty where nobody answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            text = answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return {}
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def scrape_with_gauges(site: Site, web: int) -> dict[str, float]:
    """Once the database answers within the two seconds that the page gives it."""
    seen: dict[str, float] = {}

    def complete() -> bool:
        seen.clear()
        seen.update(scrape(web))
        return set(GAUGES) <= set(seen)

    wait_until(complete, 60, "the gauges", site.children)
    return seen


def start_with_endpoint(site: Site, kind: str) -> int:
    port = free_port()
    site.environment["METRICS_PORT"] = str(port)
    if kind == "beat":
        site.start_beat()
    else:
        site.start_workers(kind)
    del site.environment["METRICS_PORT"]
    return port


def test_counts_of_prefork_children_reach_the_endpoint_of_their_worker(
    site: Site, tmp_path: Path
) -> None:
    """T42; issue 8, item 1: every value against the rows, over two workers, beat and web"""
    site.environment["METRICS_TOKEN"] = TOKEN
    workers = [start_with_endpoint(site, "first"), start_with_endpoint(site, "second")]
    beat = start_with_endpoint(site, "beat")
    site.environment["WEB_CONCURRENCY"] = "2"
    web = site.start_web()
    site.manage(*sample_run(tmp_path / "run", "--max-comparisons", "60", "--seed", "1"))

    calls = site.value("SELECT count(*) FROM llmprovider_providercall")
    items = "SELECT count(*) FROM llmprovider_queueitem"
    assert calls > 1
    told = {
        "llm_provider_http_calls_total": calls,
        "llm_provider_serial_bundle_calls_total": calls,
        "llm_provider_requests_seconds_count": calls,
        "llm_provider_comparison_callbacks_total": site.value(
            f"{items} WHERE delivered_at IS NOT NULL"  # noqa: S608
        ),
        "llm_provider_queue_wait_time_seconds_count": site.value(items),
        "cj_llm_requests_total": site.value(
            "SELECT count(*) FROM assessment_pairattempt WHERE number = 1"
        ),
        "cj_llm_batches_started_total": 1,
        "cj_batch_completion_seconds_count": 1,
    }
    counted: dict[str, float] = {}

    def agree() -> bool:
        """A worker counts after it has committed, and the command may see the end before that."""
        scrapes = [scrape(port) for port in workers]
        counted.update((name, sum(one.get(name, 0.0) for one in scrapes)) for name in told)
        return counted == told

    with suppress(pytest.fail.Exception):  # the next line says what differs
        wait_until(agree, 60, "the last counts")
    assert counted == told
    assert sum(scrape(port).get("django_db_execute_total", 0.0) for port in workers) > 0

    # One that starts now shows 0 for the model that the rows tell of.
    third, name = start_with_endpoint(site, "third"), "llm_provider_http_calls_total"
    wait_until(lambda: name in scrape(third), 60, "counts of the model in use", site.children)
    assert scrape(third)[name] == scrape(third)["llm_provider_cost_usd_total"] == 0

    seen = scrape_with_gauges(site, web)
    assert seen["cj_batches"] == 1 and seen["llm_provider_queue_depth"] == 0
    assert seen.get("llm_provider_http_calls_total", 0) == 0, "no worker's counts"
    heartbeat = "cj_beat_heartbeat_timestamp"
    wait_until(lambda: scrape(web).get(heartbeat, 0) > 0, 120, "a sweep", site.children)
    # Beat counts nothing of its own; that it answers shows that it runs.
    with urllib.request.urlopen(  # noqa: S310
        urllib.request.Request(
            f"http://127.0.0.1:{beat}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
        ),
        timeout=60,
    ) as answer:
        assert answer.status == 200


def test_either_process_of_the_web_answers_for_both(site: Site) -> None:
    site.environment |= {"METRICS_TOKEN": TOKEN, "WEB_CONCURRENCY": "2"}
    web = site.start_web()
    name = "django_http_requests_before_middlewares_total"
    for _ in range(REQUESTS):
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/healthz", timeout=120) as answer:
            assert answer.status == 200
    for scrapes in range(1, 9):
        assert scrape(web)[name] == REQUESTS + scrapes


def test_a_worker_that_was_killed_gives_up_its_port_and_its_counts(site: Site) -> None:
    """Its children die with it (Celery sees to that), and the next begins with an empty folder."""
    port = free_port()
    folder = site.folder / "metrics"
    site.environment |= {
        "METRICS_TOKEN": TOKEN,
        "METRICS_PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
    }
    (first,) = site.start_workers("first")
    wait_until(lambda: bool(scrape(port)), 60, "the endpoint", alive=[first])
    before = {path.name for path in folder.iterdir()}
    assert before
    first.send(signal.SIGKILL)
    first.wait(60)
    # They die a moment after it, and until then the port is theirs.
    wait_until(lambda: not accepts_connections(port), 60, "its children to die")
    (second,) = site.start_workers("second")
    wait_until(lambda: bool(scrape(port)), 60, "the endpoint again", alive=[second])
    assert not before & {path.name for path in folder.iterdir()}
    first.kill()


def test_a_taken_port_stops_the_start_and_says_why(site: Site) -> None:
    site.environment["METRICS_PORT"] = str(site.start_web())
    beat = site.start_beat()
    assert beat.wait(180) != 0
    assert "METRICS_PORT" in beat.stderr
