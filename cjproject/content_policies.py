"""The Content-Security-Policy of every answer: should markup ever slip through, it does nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# The admin's scripts and styles are files of this site; none stands in a page.
PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
DATA = "default-src 'none'; frame-ancestors 'none'"


class ContentPolicyMiddleware:
    """Pages may load what this site serves; anything else, JSON above all, may load nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        is_page = answer.get("Content-Type", "").startswith("text/html")
        answer.headers.setdefault("Content-Security-Policy", PAGES if is_page else DATA)
        return answer
