"""Paths of the API, under /api/v1/. None ends in a slash."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from assessment.api.tokens import TokenView
from assessment.api.views import BatchViewSet

app_name = "api"

SCHEMA = {
    # Version 3.0 has no word for null, which the settings of a batch use.
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {
        "BatchStatus": "assessment.models.Batch.Status",
        "PairStatus": "assessment.models.ComparisonPair.Status",
    },
}

router = SimpleRouter(trailing_slash=False)
router.register("batches", BatchViewSet, basename="batch")

urlpatterns = [
    path("token", TokenView.as_view(), name="token"),
    path("schema", SpectacularAPIView.as_view(custom_settings=SCHEMA), name="schema"),
    path("", include(router.urls)),
]
