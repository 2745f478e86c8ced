"""Batches over HTTP. A user meets their own batches only; staff meet all."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
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
from assessment.api.documents import CONFLICT, DocumentsMixin, finished
from assessment.api.pages import Pages
from assessment.api.payloads import is_form, payload_of
from assessment.api.plans import PlanTold, compares_modes
from assessment.api.repeats import digest_of, earlier
from assessment.api.requests import BatchRequestSerializer, BatchUploadSerializer
from assessment.api.responses import (
    BatchSerializer,
    BatchSummarySerializer,
    PairSerializer,
    ResultsTold,
)
from assessment.eng5.plan_tables import plan_document
from assessment.eng5.plans import plan_run
from assessment.lifecycle.cancelling import cancel
from assessment.lifecycle.creating.creation import check_batch, create_batch
from assessment.lifecycle.creating.specs import BatchRefused, BatchSpec
from assessment.lifecycle.starting import announce
from assessment.models import Batch, ComparisonPair
from llmprovider.contracts.idempotency_keys import key_of, key_parameter
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
OTHER_REQUEST = OpenApiResponse(
    {"type": "object", "properties": {"detail": {"type": "string"}}},
    description="The idempotency key stands for another request.",
)
ASKED = {
    "application/json": BatchRequestSerializer,
    "multipart/form-data": BatchUploadSerializer,
}


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
    DocumentsMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Batch],
):
    """Plan, create, follow, read and cancel batches."""

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
        parameters=[key_parameter("batch")],
        request=ASKED,
        responses={201: BatchSerializer, 400: PROBLEMS, 409: OTHER_REQUEST},
    )
    def create(self, request: Request) -> Response:
        """Store a batch and have it judged."""
        payload, key = payload_of(request), key_of(request)
        digest = digest_of(payload) if key else ""
        # A repeat gets its answer whatever has changed since: the settings, a model retired.
        batch = earlier(request.user, key, digest) or self._created(payload, key, digest)
        told = self.get_serializer(batch).data
        return Response(
            told, status=status.HTTP_201_CREATED, headers={"Location": told["links"]["self"]}
        )

    def _created(self, payload: object, key: str, digest: str) -> Batch:
        spec = self._spec(payload)
        try:
            with transaction.atomic():
                batch = create_batch(
                    spec,
                    created_by=self.request.user,
                    request_correlation_id=_request_id(),
                    idempotency_key=key,
                    request_sha256=digest,
                )
                announce(batch)
        except BatchRefused as refused:
            raise ValidationError(problems.of_refusal(refused)) from None
        except IntegrityError:
            # A twin with the same key was faster.
            twin = earlier(self.request.user, key, digest)
            if twin is None:
                raise
            return twin
        return batch

    def _spec(self, payload: object) -> BatchSpec:
        """What is asked for. Raises ValidationError."""
        shape = BatchUploadSerializer if is_form(self.request) else BatchRequestSerializer
        asked = shape(data=payload)
        if not asked.is_valid():
            raise ValidationError(problems.of_serializer(asked.errors, payload))
        return asked.spec(self.request.user)

    @extend_schema(request=ASKED, responses={200: PlanTold, 400: PROBLEMS})
    @action(detail=False, methods=["post"])
    def plan(self, request: Request) -> Response:
        """What such a batch would take and cost; stores nothing and sends nothing.

        With up to 5,000 comparisons `modes` has every mode, above that the batch's own alone.
        """
        spec = self._spec(payload_of(request))
        try:
            check_batch(spec, created_by=request.user)
            planned = plan_run(spec, compare=compares_modes(spec), keyless=True)
        except BatchRefused as refused:
            raise ValidationError(problems.of_refusal(refused)) from None
        return Response({"plan": plan_document(planned), "warnings": planned.warnings})

    @extend_schema(responses={200: ResultsTold, 409: CONFLICT})
    @action(detail=True)
    def results(self, request: Request, pk: str) -> Response:
        """Scores, ranks and grades, once the batch is finished."""
        return Response(ResultsTold(finished(self.get_object())).data)

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


def _request_id() -> UUID | None:
    """As the log and the answer's X-Request-ID name this request."""
    name = log_context().get("request_correlation_id")
    return UUID(str(name)) if name else None
