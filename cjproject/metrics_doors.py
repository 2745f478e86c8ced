"""Who may read metrics: a bearer of METRICS_TOKEN, and staff. They name no pupil, but they tell
what is spent and how much is judged, which is nobody else's business."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from cjproject.expositions import CountsAndState


def bears_token(authorization: str) -> bool:
    """Whether an Authorization header holds the token. Never, where no token is set."""
    token = settings.METRICS_TOKEN
    asked = authorization.encode("utf-8", "surrogateescape")
    return bool(token) and hmac.compare_digest(asked, f"Bearer {token}".encode())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything there is to scrape of this process and of the rows."""
    known = bears_token(request.headers.get("Authorization", "")) or _is_of_staff(request)
    if not known:
        return HttpResponseForbidden("the token is missing or wrong\n", content_type="text/plain")
    return HttpResponse(generate_latest(CountsAndState()), content_type=CONTENT_TYPE_LATEST)


def _is_of_staff(request: HttpRequest) -> bool:
    return request.user.is_active and getattr(request.user, "is_staff", False)
