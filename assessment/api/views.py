"""Batches over HTTP. A user meets their own batches only; staff meet all."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from assessment.api import problems
from assessment.api.pages import Pages
from assessment.api.payloads import is_form, payload_of
from assessment.api.requests import BatchRequestSerializer, BatchUploadSerializer
from assessment.api.responses import (
    BatchSerializer,
    BatchSummarySerializer,
    PairSerializer,
    ResultsTold,
)
from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.creation import create_batch
from assessment.lifecycle.specs import BatchRefused
from assessment.lifecycle.starting import announce
from assessment.models import Batch, ComparisonPair
from llmprovider.contracts.log_contexts import log_context

PROBLEMS = OpenApiResponse(
    {
        "type": "object",
        "properties": {"detail": {"type": "string"}},
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
    description="What is wrong, by field; `detail` alone where the body could not be read. "
    "Nothing is stored.",
)
CONFLICT = OpenApiResponse(
    {"type": "object", "properties": {"detail": {"type": "string"}}},
    description="The batch is not in a state in which this can be done.",
)


class PairFilter(serializers.Serializer[Any]):
    """Filters of the list of pairs."""

    status = serializers.ChoiceField(
        ComparisonPair.Status.choices,
        required=False,
        error_messages={
            "invalid_choice": f"Use one of: {', '.join(ComparisonPair.Status.values)}."
        },
    )
    wave = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class BatchViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Batch]
):
    """Create, follow, read and cancel batches."""

    lookup_value_regex = "[0-9]+"
    pagination_class = Pages
    parser_classes = (JSONParser, MultiPartParser)
    renderer_classes = (JSONRenderer,)
    queryset = Batch.objects.none()

    def get_queryset(self) -> QuerySet[Batch]:
        batches = Batch.objects.select_related("assignment").defer(
            "assignment__task", "assignment__rubric", "assignment__system_prompt",
            "task", "rubric", "system_prompt", "result", "run_record",
        )  # fmt: skip
        if self.request.user.is_staff:
            return batches
        return batches.filter(created_by=self.request.user.pk)

    def get_serializer_class(self) -> type[BatchSummarySerializer]:
        return BatchSummarySerializer if self.action == "list" else BatchSerializer

    @extend_schema(
        request={
            "application/json": BatchRequestSerializer,
            "multipart/form-data": BatchUploadSerializer,
        },
        responses={201: BatchSerializer, 400: PROBLEMS},
    )
    def create(self, request: Request) -> Response:
        """Store a batch and have it judged."""
        payload = payload_of(request)
        shape = BatchUploadSerializer if is_form(request) else BatchRequestSerializer
        asked = shape(data=payload)
        if not asked.is_valid():
            raise ValidationError(problems.of_serializer(asked.errors, payload))
        try:
            with transaction.atomic():
                batch = create_batch(
                    asked.spec(request.user),
                    created_by=request.user,
                    request_correlation_id=_request_id(),
                )
                announce(batch)
        except BatchRefused as refused:
            raise ValidationError(problems.of_refusal(refused)) from None
        told = self.get_serializer(batch).data
        return Response(
            told, status=status.HTTP_201_CREATED, headers={"Location": told["links"]["self"]}
        )

    @extend_schema(responses={200: ResultsTold, 409: CONFLICT})
    @action(detail=True)
    def results(self, request: Request, pk: str) -> Response:
        """Scores, ranks and grades, once the batch is finished."""
        batch = self.get_object()
        if batch.status != Batch.Status.COMPLETED:
            raise problems.Conflict(_no_results(batch))
        return Response(ResultsTold(batch).data)

    @extend_schema(
        parameters=[PairFilter, OpenApiParameter("page", int), OpenApiParameter("page_size", int)],
        responses={200: PairSerializer(many=True), 400: PROBLEMS},
    )
    @action(detail=True)
    def pairs(self, request: Request, pk: str) -> Response:
        """Comparisons of the batch, in the order in which they were made."""
        chosen = PairFilter(data=request.query_params)
        chosen.is_valid(raise_exception=True)
        pairs = (
            self.get_object()
            .pairs.select_related("wave", "essay_a", "essay_b")
            .defer("essay_a__text", "essay_b__text", "wave__scores", "result_metadata")
            .order_by("id")
        )
        if "status" in chosen.validated_data:
            pairs = pairs.filter(status=chosen.validated_data["status"])
        if "wave" in chosen.validated_data:
            pairs = pairs.filter(wave__number=chosen.validated_data["wave"])
        page = self.paginate_queryset(pairs)
        return self.get_paginated_response(PairSerializer(page, many=True).data)

    @extend_schema(request=None, responses={200: BatchSerializer, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End the batch; what is judged already stays on record, and is paid for."""
        batch = self.get_object()
        if not cancel(batch.pk):
            batch.refresh_from_db(fields=["status"])
            raise problems.Conflict(f"Batch {batch.pk} has ended already: it is {batch.status}.")
        return Response(self.get_serializer(self.get_object()).data)


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


def _request_id() -> UUID | None:
    """As the log and the answer's X-Request-ID name this request."""
    name = log_context().get("request_correlation_id")
    return UUID(str(name)) if name else None
