"""Batch jobs: every comparison in one is in an open one, and a job that has ended adds up."""

from datetime import datetime, timedelta

from django.db.models import Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce

from llmprovider.checks.costs import HALF_A_UNIT
from llmprovider.checks.patience import settled
from llmprovider.checks.repairs import free_from_ended_jobs, see_to_jobs
from llmprovider.conf import get_settings
from llmprovider.contracts.findings import Check
from llmprovider.jobs.intervals import HOLD
from llmprovider.models import BatchJob, Bundle, ProviderCall, QueueItem

Status = BatchJob.Status

# Time for the last looks, the cancelling and the results of a job past its deadline.
LAST_LOOKS = timedelta(hours=2)
# From planning a job to having sent it; much longer where the provider is down.
SENT_WITHIN = timedelta(hours=1)


def _in_batch(key: str) -> Q:
    return Q(pk__in=Bundle.objects.filter(batch_key=key, job__isnull=False).values("job"))


def _keys(jobs: QuerySet) -> QuerySet:
    return jobs.order_by("planned_at").values_list("pk", flat=True)


def _submitted() -> QuerySet:
    return QueueItem.objects.filter(status=QueueItem.Status.SUBMITTED).order_by("pk")


def in_no_job(now: datetime) -> QuerySet:
    return _submitted().filter(bundle__job__isnull=True).values_list("correlation_id", flat=True)


def in_ended_jobs(now: datetime) -> QuerySet:
    ended = _submitted().filter(bundle__job__isnull=False)
    ended = ended.exclude(bundle__job__status__in=BatchJob.OPEN)
    return ended.values_list("correlation_id", flat=True)


def unattended(now: datetime) -> QuerySet:
    return _keys(
        BatchJob.objects.filter(status__in=BatchJob.OPEN, next_check_at__lt=settled(now) - HOLD)
    )


def past_the_deadline(now: datetime) -> QuerySet:
    late = now - LAST_LOOKS - timedelta(seconds=get_settings().BATCH_POLL_MAX_SECONDS)
    return _keys(BatchJob.objects.filter(status__in=BatchJob.OPEN, deadline_at__lt=late))


def not_sent(now: datetime) -> QuerySet:
    since = now - SENT_WITHIN - timedelta(seconds=get_settings().SUBMIT_SETTLE_SECONDS)
    return _keys(
        BatchJob.objects.filter(
            Q(status=Status.PREPARING, preparing_at__lt=since)
            | Q(status=Status.SUBMITTING, submitting_at__lt=since)
        )
    )


def wrong_counts(now: datetime) -> QuerySet:
    """Of jobs whose results were read, or that were refused or given up as a whole."""
    read = Q(status=Status.COLLECTED) | Q(refused=True) | Q(given_up=True)
    counted = F("succeeded") + F("errored") + F("cancelled") + F("expired") + F("missing")
    jobs = BatchJob.objects.filter(read).exclude(status__in=BatchJob.OPEN)
    jobs = jobs.annotate(rows=Count("calls"), told=counted)
    return _keys(jobs.exclude(rows=F("requests"), told=F("requests")))


def wrong_costs(now: datetime) -> QuerySet:
    jobs = BatchJob.objects.filter(status=Status.COLLECTED, cost_usd__isnull=False)
    gap = Coalesce(Cast(Sum("calls__cost_usd"), FloatField()), 0.0) - Cast("cost_usd", FloatField())
    off = Q(gap__gt=HALF_A_UNIT) | Q(gap__lt=-HALF_A_UNIT)
    return _keys(jobs.annotate(gap=gap).filter(off))


def open_calls_of_ended_jobs(now: datetime) -> QuerySet:
    calls = ProviderCall.objects.filter(finished_at__isnull=True, job__isnull=False)
    calls = calls.exclude(job__status__in=BatchJob.OPEN)
    return calls.order_by("pk").values_list("pk", flat=True)


CHECKS = (
    Check(
        code="submitted_without_job",
        of="queue item",
        what="said to be inside a batch job, and are in none",
        remedy="cancel the batch: nothing will ever bring their results",
        find=in_no_job,
        in_batch=lambda key: Q(batch_key=key),
    ),
    Check(
        code="submitted_in_ended_job",
        of="queue item",
        what="still said to be inside a batch job that has ended",
        remedy="gives them to the live queue",
        find=in_ended_jobs,
        in_batch=lambda key: Q(batch_key=key),
        repair=free_from_ended_jobs,
    ),
    Check(
        code="job_unattended",
        of="batch job",
        what="due, and looked after by nobody",
        remedy="sends their messages again; where no worker runs, start one, or run "
        "`manage.py eng5 resume BATCH`",
        find=unattended,
        in_batch=_in_batch,
        repair=see_to_jobs,
    ),
    Check(
        code="job_past_deadline",
        of="batch job",
        what="open long after their deadline",
        remedy="look at the job in the admin: a worker asks the provider to end it, and takes what "
        "is there. Cancel the batch if the provider does not answer",
        find=past_the_deadline,
        in_batch=_in_batch,
    ),
    Check(
        code="job_not_sent",
        of="batch job",
        what="on their way to the provider for more than an hour",
        remedy="look at the judge's gate in the admin: its provider may be down or refuse the key. "
        "The job is tried again until its deadline",
        find=not_sent,
        in_batch=_in_batch,
        notice=True,
    ),
    Check(
        code="job_counts_wrong",
        of="batch job",
        what="ended with other numbers of results than requests",
        remedy="find out which calls of the job were deleted or written by hand",
        find=wrong_counts,
        in_batch=_in_batch,
    ),
    Check(
        code="job_cost_wrong",
        of="batch job",
        what="cost another sum than their calls",
        remedy="trust the calls' costs: every report is made from these",
        find=wrong_costs,
        in_batch=_in_batch,
    ),
    Check(
        code="job_call_open",
        of="provider call",
        what="without an end, in a batch job that has ended",
        remedy="their comparisons are judged by other calls; compare the costs with the "
        "provider's invoice",
        find=open_calls_of_ended_jobs,
        in_batch=lambda key: Q(batch_key=key),
    ),
)
