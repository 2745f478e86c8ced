"""A batch's report and tables, as the command line writes them into a run's folder."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from assessment.api import problems
from assessment.eng5.documents import run_document
from assessment.models import Batch
from assessment.reports.csv_exports import results_csv
from assessment.reports.rendering import render_report

CONFLICT = OpenApiResponse(
    {"type": "object", "properties": {"detail": {"type": "string"}}},
    description="The batch is not in a state in which this can be done.",
)
# The report's own policy, which its styles need; it holds no script and fetches nothing.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


class ByAddress(BaseContentNegotiation):
    """The address alone says what comes: a browser that asks for a page still gets a table."""

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], str(renderers[0].media_type)


class DocumentsMixin:
    """For the viewset of batches: what may be read of a batch may be read as a document."""

    get_object: Any

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    @action(detail=True, content_negotiation_class=ByAddress)
    def report(self, request: Request, pk: str) -> HttpResponse:
        """The report as one page that needs nothing but itself; of a batch in any state."""
        page = render_report(run_document(self.get_object()))
        return HttpResponse(page, headers={"Content-Security-Policy": REPORT_POLICY})

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR, 409: CONFLICT})
    @action(detail=True, url_path=r"results\.csv", content_negotiation_class=ByAddress)
    def results_csv(self, request: Request, pk: str) -> HttpResponse:
        """The results as a table, once the batch is finished."""
        batch = finished(self.get_object())
        return HttpResponse(
            results_csv(run_document(batch)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="results-{batch.pk}.csv"'},
        )

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    @action(detail=True)
    def run(self, request: Request, pk: str) -> Response:
        """The run document (run.json): settings, waves, comparisons, results, calls, cost."""
        return Response(run_document(self.get_object()))


def finished(batch: Batch) -> Batch:
    """The batch, if it has results. Raises Conflict."""
    if batch.status != Batch.Status.COMPLETED:
        raise problems.Conflict(_no_results(batch))
    return batch


def _no_results(batch: Batch) -> str:
    if batch.status == Batch.Status.CANCELLED:
        return f"Batch {batch.pk} was cancelled and has no results."
    if batch.status == Batch.Status.FAILED:
        why = f": {batch.failure}" if batch.failure else ""
        return f"Batch {batch.pk} failed ({batch.stop_reason}) and has no results{why}"
    return (
        f"Batch {batch.pk} is not finished: it is {batch.status}, with {batch.callbacks} of "
        f"{batch.completion_denominator} comparisons answered. Ask again when it is COMPLETED."
    )
