"""The assignment and the anchors of a new batch: those that exist are used as they are."""

from django.contrib.auth.models import AbstractBaseUser

from assessment.lifecycle.creating.specs import BatchRefused, BatchSpec, EssaySpec
from assessment.models import Anchor, Assignment


def check_stored(spec: BatchSpec, owner: AbstractBaseUser | None) -> None:
    """Raises BatchRefused where what is stored under these names differs. Stores nothing."""
    assignment = _found(spec, owner)
    if assignment is None:
        return
    asked = {essay.name: essay for essay in spec.essays if essay.role == "anchor"}
    for anchor in Anchor.objects.filter(assignment=assignment).defer("text"):
        if anchor.name in asked:
            _check_anchor(anchor, asked[anchor.name], assignment)


def assignment_of(spec: BatchSpec, owner: AbstractBaseUser | None) -> Assignment:
    """The assignment by its label, made where there is none. Raises BatchRefused."""
    return _found(spec, owner) or Assignment.objects.create(
        label=spec.assignment_label,
        owner=owner,
        context_origin=spec.context_origin,
        **_wanted(spec),
    )


def anchor_of(assignment: Assignment, essay: EssaySpec) -> Anchor:
    """The assignment's anchor of that name, made where there is none. Raises BatchRefused."""
    anchor, _ = Anchor.objects.get_or_create(
        assignment=assignment,
        name=essay.name,
        defaults={"text": essay.text, "sha256": essay.sha256, "grade": essay.known_grade},
    )
    _check_anchor(anchor, essay, assignment)
    return anchor


def _wanted(spec: BatchSpec) -> dict[str, object]:
    return {
        "task": spec.task,
        "rubric": spec.rubric,
        "system_prompt": spec.system_prompt,
        "grade_scale": list(spec.grade_scale),
    }


def _found(spec: BatchSpec, owner: AbstractBaseUser | None) -> Assignment | None:
    assignment = Assignment.find(spec.assignment_label, owner)
    if assignment is None:
        return None
    for field, value in _wanted(spec).items():
        if getattr(assignment, field) != value:
            raise BatchRefused(
                field,
                f"differs from that of assignment {assignment.label!r}. "
                "Leave it as it is there, or name another assignment",
            )
    return assignment


def _check_anchor(anchor: Anchor, essay: EssaySpec, assignment: Assignment) -> None:
    if (anchor.sha256, anchor.grade) != (essay.sha256, essay.known_grade):
        raise BatchRefused(
            "essays",
            f"anchor {essay.name} of assignment {assignment.label!r} has another text or grade. "
            "Rename the anchor, or name another assignment",
        )
