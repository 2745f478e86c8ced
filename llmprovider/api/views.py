"""Comparisons over HTTP, without a batch. A user meets their own only; staff meet all."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from pydantic import ValidationError as PydanticError
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from llmprovider.api import examples, problems
from llmprovider.api.cancelling import cancel
from llmprovider.api.creation import Asked, create, earlier
from llmprovider.api.payloads import payload_of
from llmprovider.api.requests import ManyComparisons, OneComparison, shape_of
from llmprovider.api.responses import (
    ComparisonSetAccepted,
    ComparisonSetPage,
    ComparisonSetTold,
    accepted,
    as_json,
    summaries,
    told,
)
from llmprovider.contracts.idempotency_keys import digest_of, key_of, key_parameter
from llmprovider.models import ComparisonSet

_DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}}
REFUSED = OpenApiResponse(
    {
        "type": "object",
        "properties": {"detail": {"type": "string"}},
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
    description="What is wrong, by field; `detail` alone where the body could not be read. "
    "Nothing is stored.",
)
OTHER_REQUEST = OpenApiResponse(_DETAIL, description="The key stands for another request.")
ENDED = OpenApiResponse(_DETAIL, description="It has ended already.")
TOO_LARGE = OpenApiResponse(_DETAIL, description="The body is larger than allowed.")
BUSY = OpenApiResponse(
    _DETAIL,
    description="The queue is full and nothing is stored. Ask again after `Retry-After` seconds.",
)


class ComparisonSetPages(PageNumberPagination):
    """`?page=2&page_size=50`; a page has 100 entries unless another size is asked for."""

    page_size_query_param = "page_size"
    max_page_size = 1_000


class ComparisonSetViewSet(viewsets.GenericViewSet[ComparisonSet]):
    """Ask for comparisons, follow them, read them, cancel them."""

    lookup_value_regex = "[0-9a-fA-F-]{36}"
    pagination_class = ComparisonSetPages
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    queryset = ComparisonSet.objects.none()

    def get_queryset(self) -> QuerySet[ComparisonSet]:
        sets = ComparisonSet.objects.order_by("-created_at", "pk")
        if self.request.user.is_staff:
            return sets
        return sets.filter(created_by=self.request.user.pk)

    @extend_schema(
        operation_id="comparisons_create",
        parameters=[key_parameter("answer")],
        request={
            "application/json": PolymorphicProxySerializer(
                component_name="ComparisonsAsked",
                serializers=[ManyComparisons, OneComparison],
                resource_type_field_name=None,
            )
        },
        responses={
            202: ComparisonSetAccepted,
            400: REFUSED,
            409: OTHER_REQUEST,
            413: TOO_LARGE,
            503: BUSY,
        },
        examples=[examples.MANY, examples.ONE, examples.ACCEPTED, examples.REFUSED],
    )
    def create(self, request: Request) -> Response:
        """Store comparisons and have them judged."""
        payload, key = payload_of(request), key_of(request)
        digest = digest_of(payload)
        # A repeat gets its answer whatever has changed since: the queue full, the model retired.
        stored = earlier(request.user, key, digest)
        if stored is None:
            stored = create(_read(payload), request.user, key, digest)
        answer = as_json(accepted(stored, self._address_of))
        return Response(
            answer, status=status.HTTP_202_ACCEPTED, headers={"Location": answer["url"]}
        )

    @extend_schema(
        operation_id="comparisons_list",
        parameters=[OpenApiParameter("page", int), OpenApiParameter("page_size", int)],
        responses={200: ComparisonSetPage},
    )
    def list(self, request: Request) -> Response:
        """Your requests, newest first."""
        page = self.paginate_queryset(self.get_queryset().defer("comparisons")) or []
        return self.get_paginated_response(
            [as_json(one) for one in summaries(page, self._address_of)]
        )

    @extend_schema(operation_id="comparisons_retrieve", responses={200: ComparisonSetTold})
    def retrieve(self, request: Request, pk: str) -> Response:
        """How far a request is, what it cost so far, and its results."""
        return Response(as_json(told(self.get_object(), self._address_of)))

    @extend_schema(
        operation_id="comparisons_cancel",
        request=None,
        responses={200: ComparisonSetTold, 409: ENDED},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Take back what no provider has seen. A call under way is paid for, its results kept."""
        comparison_set = self.get_object()
        if not cancel(comparison_set):
            raise problems.Conflict("Every comparison of this request has ended already.")
        return Response(as_json(told(self.get_object(), self._address_of)))

    def _address_of(self, pk: UUID) -> str:
        url: str = reverse("comparisons:set-detail", args=[pk], request=self.request)
        return url


def _read(payload: Any) -> Asked:
    shape = shape_of(payload)
    try:
        return shape.model_validate(payload)
    except PydanticError as error:
        messages = problems.of_pydantic(error, shape)
    # Outside the handler: the exception holds what was sent.
    raise ValidationError(messages)
