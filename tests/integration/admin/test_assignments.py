"""Assignments and their anchors, written by people in the admin."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assessment.intake import sha256_of
from assessment.models import Anchor, Assignment
from tests.integration.admin.pages import list_url, page, queries_of

pytestmark = pytest.mark.django_db

ADD = reverse("admin:assessment_assignment_add")


def form(anchors: tuple[dict[str, Any], ...] = (), initial: int = 0, **changes: Any) -> dict:
    """What the browser sends for an assignment with these anchors."""
    sent = {
        "label": "schools",
        "context_origin": "school",
        "grade_scale": "F,E,D",
        "task": "Write about schools.\r\nBriefly. ",
        "rubric": "",
        "system_prompt": "",
        "anchors-TOTAL_FORMS": len(anchors),
        "anchors-INITIAL_FORMS": initial,
        **changes,
    }
    for number, anchor in enumerate(anchors):
        sent |= {f"anchors-{number}-{name}": value for name, value in anchor.items()}
    return sent


def anchor(**changes: Any) -> dict[str, Any]:
    return {"name": "one.txt", "grade": "E", "text": "Schools are good.\r\n", **changes}


def test_an_assignment_is_added_with_its_anchors(admin: Client) -> None:
    answer = admin.post(ADD, form((anchor(),)))
    assert answer.status_code == 302, answer.content
    assignment = Assignment.objects.get()
    assert assignment.grade_scale == ["F", "E", "D"]
    assert assignment.task == "Write about schools.\nBriefly."
    stored = assignment.anchors.get()
    assert (stored.name, stored.grade, stored.text) == ("one.txt", "E", "Schools are good.")
    assert stored.sha256 == sha256_of("Schools are good.")


def test_a_known_scale_is_named(admin: Client) -> None:
    assert admin.post(ADD, form(grade_scale="swedish_8_anchor")).status_code == 302
    assert Assignment.objects.get().grade_scale[0] == "F"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grade_scale": "nothing"}, "unknown grade scale"),
        ({"grade_scale": "A,A"}, "more than once"),
        ({"grade_scale": "A," + "B" * 41}, "more than 40 characters"),
        ({"anchors": (anchor(grade="Z"),)}, "which is not on the scale"),
        ({"anchors": (anchor(text=" \r\n "),)}, "This field is required"),
        ({"anchors": (anchor(text="\x07"),)}, "There is no text"),
        ({"anchors": (anchor(), anchor())}, "duplicate data for name"),
    ],
)
def test_a_mistake_is_explained_and_nothing_stored(
    admin: Client, changes: dict[str, Any], message: str
) -> None:
    shown = page_of(admin.post(ADD, form(**changes)))
    assert message in shown
    assert not Assignment.objects.exists()


def page_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def stored(admin: Client) -> Assignment:
    admin.post(ADD, form((anchor(),)))
    return Assignment.objects.get()


def change(admin: Client, stored: Assignment, *, scale: str = "F,E,D", **changes: Any) -> Any:
    existing = anchor(id=stored.anchors.get().pk, assignment=stored.pk, **changes)
    return admin.post(
        reverse("admin:assessment_assignment_change", args=[stored.pk]),
        form((existing,), initial=1, grade_scale=scale),
    )


def test_a_new_text_has_a_new_hash(admin: Client, stored: Assignment) -> None:
    assert change(admin, stored, text="Schools are bad.").status_code == 302
    assert Anchor.objects.get().sha256 == sha256_of("Schools are bad.")


def test_saving_what_is_shown_changes_nothing(admin: Client, stored: Assignment) -> None:
    before = Assignment.objects.values().get(), Anchor.objects.values().get()
    assert 'value="F,E,D"' in page(
        admin, reverse("admin:assessment_assignment_change", args=[stored.pk])
    )
    assert change(admin, stored).status_code == 302
    assert (Assignment.objects.values().get(), Anchor.objects.values().get()) == before


def test_a_scale_keeps_the_grades_that_its_anchors_have(admin: Client, stored: Assignment) -> None:
    assert "which is not on the scale" in page_of(change(admin, stored, scale="F,D"))
    stored.refresh_from_db()
    assert stored.grade_scale == ["F", "E", "D"]


def test_an_anchor_that_is_removed_need_not_fit_the_scale(
    admin: Client, stored: Assignment
) -> None:
    assert change(admin, stored, scale="F,D", DELETE="on").status_code == 302
    assert not Anchor.objects.exists()


def test_a_grade_written_another_way_becomes_the_scales(admin: Client) -> None:
    assert admin.post(ADD, form((anchor(grade="2,50"),), grade_scale="1,2.5")).status_code == 302
    assert Anchor.objects.get().grade == "2.5"


def test_the_list_counts_anchors_in_one_query(admin: Client, stored: Assignment) -> None:
    page(admin, list_url("assessment_assignment"))
    few = queries_of(lambda: page(admin, list_url("assessment_assignment")))
    for number in range(199):
        Assignment.objects.create(label=f"copy {number}", grade_scale=["F", "E"])
    assert queries_of(lambda: page(admin, list_url("assessment_assignment"))) <= few
