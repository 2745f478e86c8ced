"""Paths of the judge service's own API, under /api/v1/. None ends in a slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from llmprovider.api.views import ComparisonSetViewSet

app_name = "comparisons"

router = SimpleRouter(trailing_slash=False)
router.register("comparisons", ComparisonSetViewSet, basename="set")

urlpatterns = [path("", include(router.urls))]
