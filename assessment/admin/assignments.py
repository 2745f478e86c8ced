"""Assignments with their anchors: the one part of the admin in which people write."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest

from assessment.intake import normalise, sha256_of
from assessment.intake.gradings import label_of, off_scale
from assessment.measurement.scales import KNOWN_NAMES, parse_scale
from assessment.models import Anchor, Assignment

MAX_GRADE_CHARS = Anchor.grade.field.max_length


class AssignmentForm(forms.ModelForm):
    """Texts are kept in the form in which files are read, so that equal ones compare equal."""

    grade_scale = forms.CharField(
        max_length=1_000,
        help_text=f"Grades from lowest to highest, as in F,E,D,C,B,A; or one of: {KNOWN_NAMES}.",
        widget=forms.TextInput(attrs={"size": 60}),
    )

    class Meta:
        model = Assignment
        fields = ("label", "context_origin", "grade_scale", "task", "rubric", "system_prompt")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["grade_scale"] = ",".join(self.instance.grade_scale)

    def clean_grade_scale(self) -> list[str]:
        try:
            labels = list(parse_scale(self.cleaned_data["grade_scale"]).labels)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        if any(len(label) > MAX_GRADE_CHARS for label in labels):
            raise forms.ValidationError(
                f"A grade has more than {MAX_GRADE_CHARS} characters. Shorten it."
            )
        return labels

    def clean_task(self) -> str:
        return normalise(self.cleaned_data["task"])

    def clean_rubric(self) -> str:
        return normalise(self.cleaned_data["rubric"])

    def clean_system_prompt(self) -> str:
        return normalise(self.cleaned_data["system_prompt"])


class AnchorForm(forms.ModelForm):
    """The hash of the text follows the text."""

    class Meta:
        model = Anchor
        fields = ("name", "grade", "text")

    def clean_text(self) -> str:
        text = normalise(self.cleaned_data["text"])
        if not text.strip():
            raise forms.ValidationError("There is no text. Put it in, or remove the anchor.")
        return text

    def save(self, commit: bool = True) -> Anchor:
        self.instance.sha256 = sha256_of(self.instance.text)
        anchor: Anchor = super().save(commit)
        return anchor


class AnchorFormSet(forms.BaseInlineFormSet):
    """Anchors' grades are checked against the scale as it stands on the same page."""

    def clean(self) -> None:
        super().clean()
        scale = self.instance.grade_scale
        if not isinstance(scale, list) or not scale:
            return
        for form in self.forms:
            given = getattr(form, "cleaned_data", {})
            grade = given.get("grade")
            if not grade or given.get(DELETION_FIELD_NAME):
                continue
            label = label_of(grade, scale)
            if label is None:
                form.add_error("grade", f"It has {off_scale(grade, scale)}.")
            else:
                form.instance.grade = label


class AnchorInline(admin.StackedInline):
    model = Anchor
    form = AnchorForm
    formset = AnchorFormSet
    extra = 0


@admin.register(Assignment)
class AssignmentAdmin(admin.ModelAdmin):
    """Batches keep their own copy of all this, so that editing alters no run."""

    form = AssignmentForm
    list_display = ("label", "context_origin", "scale", "anchors_count", "created_at")
    list_filter = ("context_origin",)
    search_fields = ("label",)
    inlines = (AnchorInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        return super().get_queryset(request).annotate(anchors_count=Count("anchors"))

    @admin.display(description="grades")
    def scale(self, assignment: Assignment) -> str:
        return ", ".join(assignment.grade_scale)

    @admin.display(description="anchors", ordering="anchors_count")
    def anchors_count(self, assignment: Any) -> int:
        return int(assignment.anchors_count)
