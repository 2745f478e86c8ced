"""The SDKs' exceptions as ProviderError: what kind of failure it is, and what would mend it.

Messages are made here, from the status and the vendor's own type or code. A vendor's free text may
repeat a part of the key or of the prompt, so it is looked into, never passed on.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx2

from llmprovider.contracts import ErrorType
from llmprovider.providers.base import ProviderError, VendorLimit
from llmprovider.providers.limit_headers import retry_after

# Codes of money: no call succeeds until someone pays or raises a limit.
_NO_CREDIT: Final = frozenset(
    {
        "billing_error",
        "billing_hard_limit_reached",
        "billing_not_active",
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "insufficient_quota",
        "linked_organization_billing_unavailable",
        "linked_organization_spend_limit_reached",
        "organization_on_hold",
        "ramp_limit_exceeded",
    }
)
_NO_MODEL: Final = frozenset({"model_not_found", "not_found_error"})
_TOO_LARGE: Final = frozenset(
    {
        "context_length_exceeded",
        "request_body_too_large_after_decoding",
        "request_too_large",
        "string_above_max_length",
    }
)
REFUSED: Final = frozenset(
    {
        "bio_policy",
        "content_filter",
        "content_policy_violation",
        "invalid_prompt",
        "misalignment_policy_violation",
    }
)
_OVERLOADED: Final = frozenset(
    {"overloaded", "overloaded_error", "server_is_overloaded", "slow_down"}
)

# For these two Anthropic has no code, only a text; likewise OpenAI for a call above its limit.
_NO_CREDIT_TEXT: Final = "credit balance"
_TOO_LARGE_TEXT: Final = re.compile(
    r"prompt is too long|exceed(s|ed)? (the )?context|maximum context length|request too large"
)

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")


class StatusError(Protocol):
    """What both SDKs raise for a response of status 4xx or 5xx."""

    response: httpx2.Response
    status_code: int
    request_id: str | None
    body: object


@dataclass(frozen=True)
class SdkErrors:
    """The exceptions of one SDK. Both have the same tree; `any` is its root."""

    any: type[Exception]
    timeout: type[Exception]
    connection: type[Exception]
    status: type[StatusError]
    not_found: type[Exception]


@dataclass(frozen=True)
class Vendor:
    """What tells the errors of one vendor's service apart, and what a message may name."""

    name: str
    key_variable: str
    limits: Callable[[Mapping[str, str]], tuple[VendorLimit, ...]]
    errors: SdkErrors


# The HTTP library gave up before anything was on its way.
_UNSENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.InvalidURL,
    httpx2.LocalProtocolError,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)


def provider_error(error: Exception, vendor: Vendor, model: str) -> ProviderError:
    """What an exception of the vendor's SDK, or of the HTTP library below it, means."""
    unsent = isinstance(error, _UNSENT) or isinstance(error.__cause__, _UNSENT)
    if isinstance(error, (vendor.errors.timeout, httpx2.TimeoutException)):
        return ProviderError(
            ErrorType.TIMEOUT, f"{vendor.name} did not answer in time", unsent=unsent
        )
    if isinstance(error, (vendor.errors.connection, httpx2.TransportError, httpx2.InvalidURL)):
        problem = "no connection to {}" if unsent else "the connection to {} broke off"
        return ProviderError(ErrorType.CONNECTION, problem.format(vendor.name), unsent=unsent)
    if isinstance(error, vendor.errors.status):
        return of_status(
            error.status_code,
            error.response.headers,
            _error_of(error.body),
            vendor,
            model,
            request_id=(error.request_id or "")[:120],
        )
    return unreadable(vendor)


def unreadable(vendor: Vendor, request_id: str = "") -> ProviderError:
    """A response that is not what the vendor's interface promises."""
    return ProviderError(
        ErrorType.INVALID_RESPONSE,
        f"{vendor.name} answered with something that is not its usual response",
        request_id=request_id,
    )


def of_status(
    status: int,
    headers: Mapping[str, str],
    error: Mapping[str, Any],
    vendor: Vendor,
    model: str,
    *,
    request_id: str = "",
) -> ProviderError:
    """A response of status 4xx or 5xx; `error` is the object under `error` in its body."""
    codes = _codes(error)
    text = str(error.get("message", "")).lower()
    kind = _classified(status, codes, text, vendor, model)
    named = ", ".join([f"HTTP {status}", *sorted(codes & _KNOWN_NAMES)])
    return ProviderError(
        kind.error_type,
        f"{kind.problem} ({named})",
        retry_after=retry_after(headers),
        request_id=request_id,
        outage=kind.outage,
        model_only=kind.model_only,
        size=kind.size,
        limits=vendor.limits(headers),
    )


@dataclass(frozen=True)
class _Kind:
    error_type: ErrorType
    problem: str
    outage: bool = False
    model_only: bool = False
    size: bool = False


def _classified(status: int, codes: set[str], text: str, vendor: Vendor, model: str) -> _Kind:
    name = vendor.name
    if status == 402 or codes & _NO_CREDIT or (status == 400 and _NO_CREDIT_TEXT in text):
        return _Kind(
            ErrorType.AUTHENTICATION,
            f"{name} has no credit left for this key, or a spending limit is reached. "
            f"Add credit or raise the limit in {name}'s console",
            outage=True,
        )
    if codes & REFUSED:
        return _Kind(ErrorType.REFUSAL, f"{name} declined this prompt")
    if status == 404 or codes & _NO_MODEL:
        return _Kind(
            ErrorType.INVALID_REQUEST,
            f"{name} knows no model {model}, or not for this key. Check the model's name, and the "
            "base URL if one is set",
            outage=True,
        )
    too_large = status == 413 or codes & _TOO_LARGE or _TOO_LARGE_TEXT.search(text)
    if status == 429:
        # A single call above the limit per minute never fits; a smaller one may.
        return _Kind(ErrorType.RATE_LIMIT, f"{name}'s rate limit is reached", size=bool(too_large))
    if too_large and 400 <= status < 500:
        return _Kind(ErrorType.INVALID_REQUEST, f"the call is too large for {name}", size=True)
    return _by_status(status, codes, vendor)


def _by_status(status: int, codes: set[str], vendor: Vendor) -> _Kind:
    name = vendor.name
    if status == 401:
        return _Kind(
            ErrorType.AUTHENTICATION,
            f"{name} does not accept the key. Set {vendor.key_variable} to a valid one",
            outage=True,
        )
    if status == 403:
        return _Kind(
            ErrorType.AUTHENTICATION,
            f"{name} does not permit this key to use the model from here. Check the permissions "
            f"of the key in {vendor.key_variable}",
            outage=True,
            model_only=True,
        )
    if status in (408, 504):
        return _Kind(ErrorType.TIMEOUT, f"{name} did not answer in time")
    if status == 529 or (status >= 500 and codes & _OVERLOADED):
        return _Kind(ErrorType.OVERLOADED, f"{name} is overloaded")
    if status in (409, 499) or status >= 500:
        # 409 is a passing conflict on the vendor's side, which the SDKs too would retry.
        return _Kind(ErrorType.SERVER_ERROR, f"{name} had an error of its own")
    return _Kind(ErrorType.INVALID_REQUEST, f"{name} refused the request as not valid")


def of_failed_response(code: str, vendor: Vendor, request_id: str) -> ProviderError:
    """A response that the vendor began and ended as failed, by the code it gave."""
    if code == "rate_limit_exceeded":
        return ProviderError(
            ErrorType.RATE_LIMIT, f"{vendor.name}'s rate limit is reached", request_id=request_id
        )
    if code == "data_residency_mismatch":
        return ProviderError(
            ErrorType.INVALID_REQUEST,
            f"{vendor.name} does not serve this model in the region of the key",
            request_id=request_id,
            outage=True,
        )
    return ProviderError(
        ErrorType.SERVER_ERROR, f"{vendor.name} could not finish the answer", request_id=request_id
    )


def _error_of(body: object) -> Mapping[str, Any]:
    """The error object: anthropic keeps the whole body, openai what is under `error`."""
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("error", body)
    return inner if isinstance(inner, Mapping) else {}


def _codes(error: Mapping[str, Any]) -> set[str]:
    details = error.get("details")
    values = [error.get("type"), error.get("code")]
    if isinstance(details, Mapping):
        values.append(details.get("error_code"))
    return {value for value in values if isinstance(value, str) and _NAME.fullmatch(value)}


# Only names that are known to be names are shown: a code too is the vendor's text.
_KNOWN_NAMES: Final = (
    _NO_CREDIT
    | _NO_MODEL
    | _TOO_LARGE
    | REFUSED
    | _OVERLOADED
    | {
        "api_error",
        "authentication_error",
        "invalid_api_key",
        "invalid_request_error",
        "permission_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "server_error",
        "tokens",
        "requests",
        "unsupported_parameter",
        "unsupported_value",
    }
)
