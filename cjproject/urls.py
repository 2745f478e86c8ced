from django.contrib import admin
from django.urls import include, path

from cjproject.health import healthz, readyz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("assessment.api.urls")),
    path("healthz", healthz),
    path("readyz", readyz),
]
