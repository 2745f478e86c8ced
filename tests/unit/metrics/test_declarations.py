"""The metrics that DESIGN 10 names are declared with exactly its labels, and none for show."""

import re

import pytest
from prometheus_client import Histogram

from assessment.conf import AssessmentSettings
from llmprovider import metrics
from llmprovider.conf import ProviderSettings
from llmprovider.jobs.checking import GIVE_UP_AFTER
from llmprovider.metric_labels import PROVIDERS, judge_labels
from llmprovider.providers import registry
from tests.conftest import PROJECT
from tests.unit.metrics.declared import counted, everything, names_read

DESIGN = """
cj_llm_requests_total{batching_mode} cj_llm_batches_started_total{batching_mode}
cj_workflow_decisions_total{decision} cj_orphan_callbacks_total{source_service}
cj_batches{status} cj_batch_completion_seconds cj_stuck_batches_total{outcome}
llm_provider_queue_depth{status} llm_provider_queue_wait_time_seconds{queue_processing_mode}
llm_provider_queue_expiry_total{provider,queue_processing_mode,expiry_reason}
llm_provider_queue_expiry_age_seconds{provider,queue_processing_mode}
llm_provider_serial_bundle_calls_total{provider,model}
llm_provider_serial_bundle_items_per_call{provider,model}
llm_provider_errors_total{provider,model,error_type}
llm_provider_requests_seconds{provider,model} llm_provider_tokens_total{provider,model,kind}
llm_provider_cost_usd_total{provider,model}
llm_provider_prompt_cache_tokens_total{provider,model,direction}
llm_provider_comparison_callbacks_total{queue_processing_mode,result}
llm_provider_batch_api_jobs_total{provider,model,status}
llm_provider_batch_api_items_per_job{provider,model}
llm_provider_batch_api_job_duration_seconds{provider,model}
llm_provider_http_calls_total{provider,model,outcome}
llm_provider_retries_total{provider,model,error_type}
llm_provider_rate_limit_wait_seconds{provider,model}
llm_provider_queue_oldest_age_seconds{status} llm_provider_batch_api_job_age_seconds{provider}
llm_provider_circuit_state{provider,model} cj_events_delivery_failures_total
cj_beat_heartbeat_timestamp
""".split()
# Beyond DESIGN 10: late results (issue 7, item 2), spend (issue 8, item 1), and what no alert could
# tell of otherwise: batches that failed, requests of jobs that did.
OURS = [
    "cj_late_results_total{status}",
    "llm_provider_spend_today_usd{provider,model}",
    "cj_failed_batches_total{reason}",
    "llm_provider_batch_api_requests_total{provider,model,outcome}",
]


def written(name: str, labels: tuple[str, ...]) -> str:
    return f"{name}{{{','.join(labels)}}}" if labels else name


def test_every_name_of_the_design_is_declared_with_its_labels():
    """T42, DESIGN 10"""
    assert sorted(written(one.name, one.labels) for one in everything()) == sorted(DESIGN + OURS)


@pytest.mark.parametrize(("app", "name"), counted())
def test_a_declared_metric_is_used(app, name):
    """T42"""
    assert (app, name) in names_read()


@pytest.mark.parametrize("one", everything(), ids=lambda one: one.name)
def test_its_help_says_what_one_unit_is(one):
    unit = r"one (unit|observation|is one)|[Ss]econds (that|since)|US dollars|0 closed"
    assert re.search(unit, one.help), one.help


def top(histogram: Histogram) -> float:
    return histogram._upper_bounds[-2]


def test_buckets_reach_past_what_the_settings_allow():
    """Issue 8: expiry ages past the TTL, job durations past 24 h"""
    settings = ProviderSettings()
    assert top(metrics.WAIT_TIME) > settings.QUEUED_TTL_SECONDS
    window = settings.BATCH_JOB_DEADLINE_SECONDS + 24 * 3600
    assert top(metrics.EXPIRY_AGE) > window and top(metrics.WAIT_TIME) > window
    given_up = settings.BATCH_JOB_DEADLINE_SECONDS + GIVE_UP_AFTER.total_seconds()
    assert top(metrics.BATCH_API_JOB_DURATION) > given_up > 24 * 3600
    assert top(metrics.REQUESTS_SECONDS) >= settings.PROVIDER_TIMEOUT_SECONDS
    assert top(metrics.RATE_LIMIT_WAIT) >= settings.RETRY_AFTER_MAX_SECONDS
    assert top(metrics.SERIAL_BUNDLE_ITEMS) >= settings.SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL
    ceiling = AssessmentSettings().MAX_COMPARISONS_CEILING
    assert top(metrics.BATCH_API_ITEMS) >= ceiling


def test_a_judge_s_labels_are_few_whatever_it_is_called():
    """Issue 8: no label is unbounded"""
    assert set(PROVIDERS) == set(registry.PROVIDERS)
    told = {
        tuple(judge_labels(provider, f"name {number}").values())
        for provider in (*PROVIDERS, "elsewhere")
        for number in range(100)
    }
    assert told == {
        ("mock", "mock"),
        *((name, "other") for name in ("anthropic", "openai", "openai_compatible", "other")),
    }
    assert judge_labels("anthropic", "claude-haiku-4-5-20251001") == {
        "provider": "anthropic",
        "model": "claude-haiku-4-5",
    }


def test_the_manual_tells_every_metric_and_no_other():
    """docs/metrics.md: a row each, with name, labels and what is declared of it."""
    rows = re.findall(
        r"^\| `([a-z_]+)` \| (.*?) \| (counter|histogram|gauge) \| (.*?) \|",
        (PROJECT / "docs" / "metrics.md").read_text(),
        re.M,
    )
    told = {(name, labels, kind, meaning) for name, labels, kind, meaning in rows}
    declared = {
        (one.name, ", ".join(f"`{label}`" for label in one.labels) or "-", one.kind, one.help)
        for one in everything()
    }
    assert told == declared
