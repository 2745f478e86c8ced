"""Pages for rows that the machine writes: to be read, searched and filtered, never edited."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


class Record(admin.ModelAdmin):
    """A model of which nothing can be added, changed or deleted by hand."""

    show_full_result_count = False
    list_per_page = 100

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RecordInline(admin.TabularInline):
    """Rows of such a model on the page of the row they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def list_link(model: str, text: str, **filters: object) -> SafeString:
    """A link to the list of `model` ("app_model"), filtered."""
    url = reverse(f"admin:{model}_changelist", query={**filters})
    return format_html('<a href="{}">{}</a>', url, text)
