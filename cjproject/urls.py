from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from cjproject.health import healthz, readyz
from cjproject.metrics_doors import metrics

admin.site.site_header = admin.site.site_title = "Comparative judgement of essays"
admin.site.site_url = None  # there is no site but the admin

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("assessment.api.urls")),
    path("api/v1/", include("llmprovider.api.urls")),
    path("healthz", healthz),
    path("metrics", metrics),
    path("readyz", readyz),
]
