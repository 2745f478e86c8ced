"""What came in a request: its body as JSON."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from llmprovider.api.problems import TooLarge
from llmprovider.contracts.idempotency_keys import TOO_DEEP


def payload_of(request: Request) -> object:
    """The body's JSON. Raises TooLarge, ParseError."""
    try:
        payload: object = request.data
    except RequestDataTooBig:
        raise TooLarge(
            f"The request is larger than the {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes "
            "allowed. Ask for fewer comparisons at once."
        ) from None
    except RecursionError:
        raise ParseError(TOO_DEEP) from None
    return payload
