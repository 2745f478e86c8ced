"""Errors as the two vendors word them: status, type, code and message of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from llmprovider.emulator.faults import Fault


class VendorError(Exception):
    """A call that is refused. `code` and `param` are OpenAI's; Anthropic's code is in details."""

    def __init__(
        self,
        status: int,
        error_type: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message
        self.code = code
        self.param = param
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Wording:
    """`{model}` and `{key}` in the message are filled in."""

    status: int
    error_type: str
    message: str
    code: str | None = None
    param: str | None = None
    names_retry_after: bool = field(default=False)

    def error(self, *, model: str = "", key: str = "") -> VendorError:
        message = self.message.replace("{model}", model).replace("{key}", key)
        return VendorError(self.status, self.error_type, message, code=self.code, param=self.param)


ANTHROPIC: Final[Mapping[Fault, Wording]] = MappingProxyType(
    {
        Fault.RATE_LIMIT: Wording(
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit. Please reduce the prompt "
            "length or the maximum tokens requested, or try again later.",
            names_retry_after=True,
        ),
        Fault.SERVER_ERROR: Wording(500, "api_error", "Internal server error"),
        Fault.UNAVAILABLE: Wording(503, "api_error", "Service unavailable"),
        Fault.GATEWAY_TIMEOUT: Wording(504, "timeout_error", "Request timed out"),
        Fault.OVERLOADED: Wording(529, "overloaded_error", "Overloaded"),
        Fault.BAD_KEY: Wording(401, "authentication_error", "invalid x-api-key"),
        Fault.FORBIDDEN: Wording(
            403,
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
        ),
        Fault.QUOTA: Wording(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & "
            "Billing to upgrade or purchase credits.",
        ),
        Fault.SPEND_LIMIT: Wording(
            429,
            "rate_limit_error",
            "The organization has reached its monthly API usage threshold.",
            code="enforced_spend_limit_reached",
        ),
        Fault.UNKNOWN_MODEL: Wording(404, "not_found_error", "model: {model}"),
        Fault.TOO_LARGE: Wording(
            413, "request_too_large", "Request exceeds the maximum allowed number of bytes."
        ),
        Fault.BAD_REQUEST: Wording(400, "invalid_request_error", "emulator: a bad request"),
    }
)

OPENAI: Final[Mapping[Fault, Wording]] = MappingProxyType(
    {
        Fault.RATE_LIMIT: Wording(
            429,
            "tokens",
            "Rate limit reached for {model} on tokens per min (TPM). Please try again later.",
            code="rate_limit_exceeded",
            names_retry_after=True,
        ),
        Fault.SERVER_ERROR: Wording(
            500,
            "server_error",
            "The server had an error while processing your request. Sorry about that!",
        ),
        Fault.UNAVAILABLE: Wording(
            503, "server_error", "Service temporarily unavailable.", code="service_unavailable"
        ),
        Fault.GATEWAY_TIMEOUT: Wording(504, "server_error", "The request timed out."),
        Fault.OVERLOADED: Wording(
            503,
            "service_unavailable_error",
            "The engine is currently overloaded, please try again later.",
            code="server_is_overloaded",
        ),
        Fault.BAD_KEY: Wording(
            401,
            "invalid_request_error",
            # The vendor shows both ends of the key, which must go no further.
            "Incorrect API key provided: {key}. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            code="invalid_api_key",
        ),
        Fault.FORBIDDEN: Wording(
            403,
            "invalid_request_error",
            "Project does not have access to model {model}.",
            code="model_not_found",
        ),
        Fault.QUOTA: Wording(
            429,
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
            code="insufficient_quota",
        ),
        Fault.SPEND_LIMIT: Wording(
            429,
            "insufficient_quota",
            "Your project has reached its monthly budget.",
            code="insufficient_quota",
        ),
        Fault.UNKNOWN_MODEL: Wording(
            404,
            "invalid_request_error",
            "The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
            param="model",
        ),
        Fault.TOO_LARGE: Wording(
            413, "invalid_request_error", "Request too large.", code="request_too_large"
        ),
        Fault.BAD_REQUEST: Wording(400, "invalid_request_error", "emulator: a bad request"),
    }
)

BAD_GATEWAY_PAGE: Final = (
    b"<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
)


def masked(key: str) -> str:
    """A key as OpenAI shows it in its refusals: both ends legible."""
    return key if len(key) < 8 else f"{key[:4]}{'*' * (len(key) - 8)}{key[-4:]}"
