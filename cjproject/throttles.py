"""How often one user may ask of the API: seldom where something is stored, often elsewhere.

Both rates come from the settings. A number too many is answered with 429 and Retry-After.
"""

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

from llmprovider.contracts.log_events import tell

if TYPE_CHECKING:  # whose class body asks for these throttles
    from rest_framework.views import APIView


log = logging.getLogger(__name__)


class _UserThrottle(UserRateThrottle):
    def allow_request(self, request: Request, view: "APIView") -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError as error:  # nobody counts, and a batch can be stored without
            tell(log, logging.WARNING, "cache_unreachable", error=type(error).__name__)
            return True


class ReadThrottle(_UserThrottle):
    """Counts what changes nothing."""

    scope = "read"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        return request.method not in SAFE_METHODS or super().allow_request(request, view)


class WriteThrottle(_UserThrottle):
    """Counts what stores, judges or cancels."""

    scope = "write"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS or super().allow_request(request, view)
