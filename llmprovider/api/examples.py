"""Requests and answers as the description of the API shows them."""

from drf_spectacular.utils import OpenApiExample

_JUDGING = {
    "instructions": {
        "task": "Should schools give one afternoon a week to unpaid work?",
        "rubric": "Better texts reason clearly and support what they claim.",
    },
    "provider": "mock",
    "model": "latent-quality",
}
_FIRST = {"id": "pupil-1", "text": "I think it is good. We can help old people."}
_SECOND = {"id": "pupil-2", "text": "No. School is for school."}

ONE = OpenApiExample(
    "One comparison", value={"first": _FIRST, "second": _SECOND, **_JUDGING}, request_only=True
)
MANY = OpenApiExample(
    "Several comparisons",
    value={
        "comparisons": [
            {"first": _FIRST, "second": _SECOND, "metadata": {"round": 1}},
            {"first": _SECOND, "second": _FIRST, "metadata": {"round": 2}},
        ],
        **_JUDGING,
        "money_cap_usd": "0.50",
    },
    request_only=True,
)
ACCEPTED = OpenApiExample(
    "Accepted",
    value={
        "id": "6f1c1a52-3e0b-4f0e-9b0e-0d8f0f3d7a11",
        "status": "queued",
        "url": "https://example.org/api/v1/comparisons/6f1c1a52-3e0b-4f0e-9b0e-0d8f0f3d7a11",
    },
    response_only=True,
    status_codes=["202"],
)
REFUSED = OpenApiExample(
    "Refused",
    value={"comparisons": ["comparison 2, first, text: There is no text."]},
    response_only=True,
    status_codes=["400"],
)
