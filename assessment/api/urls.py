"""Paths of the API, under /api/v1/. None ends in a slash."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from assessment.api.tokens import TokenView
from assessment.api.views import BatchViewSet

app_name = "api"

router = SimpleRouter(trailing_slash=False)
router.register("batches", BatchViewSet, basename="batch")

urlpatterns = [
    path("token", TokenView.as_view(), name="token"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("", include(router.urls)),
]
