"""Tokens: a user's name and password for the key that the other endpoints ask for."""

from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class TokenThrottle(SimpleRateThrottle):
    """Ten attempts a minute from one address, whoever asks: passwords cannot be guessed fast."""

    scope = "token"
    rate = "10/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        # X-Forwarded-For is the caller's own invention unless the number of proxies is known.
        known = api_settings.NUM_PROXIES is not None
        address = self.get_ident(request) if known else request.META.get("REMOTE_ADDR", "")
        return self.cache_format % {"scope": self.scope, "ident": address}


class TokenView(ObtainAuthToken):
    """POST username and password; the answer is {"token": ...}."""

    authentication_classes = ()
    throttle_classes = (TokenThrottle,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)
    renderer_classes = (JSONRenderer,)
