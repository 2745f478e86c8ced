"""Uploaded files to essays, by the same readers that read folders."""

import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TypeVar

from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ValidationError

from assessment.conf import get_settings
from assessment.intake import EssayFile, InputError, Limits, file_content, grades_for, sha256_of
from assessment.intake.folders import Role
from assessment.intake.gradings import student_grades
from assessment.lifecycle.creating.specs import EssaySpec

MAX_NAME_CHARS = 200
# For all files of a request together: a file made to be slow must not keep a server's thread.
READING_SECONDS = 120.0

T = TypeVar("T")


def essays_of(
    students: Sequence[UploadedFile],
    anchors: Sequence[UploadedFile],
    grades: UploadedFile | None,
    scale: Sequence[str],
    *,
    seconds: float = READING_SECONDS,
) -> list[EssaySpec]:
    """The essays in the uploaded files, anchors with their grades.

    Grades come from the csv file, else from the anchors' names. Raises ValidationError with every
    file and row that is wrong, and with the file that is next when `seconds` are over.
    """
    problems: dict[str, list[str]] = {}
    until = time.monotonic() + seconds
    student_files = _read(students, "student", problems, until)
    anchor_files = _read(anchors, "anchor", problems, until)
    if problems:
        raise ValidationError(problems)
    known = _known_grades(student_files, anchor_files, grades, scale)
    return [
        EssaySpec(
            name=essay.name,
            text=essay.text,
            sha256=essay.sha256,
            role=essay.role,
            known_grade=known.get(essay.name, ""),
            removed_characters=essay.removed,
        )
        for essay in [*anchor_files, *student_files]
    ]


def _read(
    uploads: Iterable[UploadedFile], role: Role, problems: dict[str, list[str]], until: float
) -> list[EssayFile]:
    essays: dict[str, EssayFile] = {}
    messages: list[str] = []
    for upload in uploads:
        if time.monotonic() > until:
            messages.append(
                f"{_name_of(upload)}: was not read, since reading the files before it took too "
                "long. Give the essays as .txt, or look for a file among them that is broken."
            )
            break
        try:
            essay = _essay(upload, role)
            if essay.name in essays:
                raise InputError(
                    essay.name, "is uploaded twice", "Rename one of the two: results go by name."
                )
            essays[essay.name] = essay
        except InputError as error:
            messages.append(str(error))
    if messages:
        problems[f"{role}s"] = messages
    return list(essays.values())


def _essay(upload: UploadedFile, role: Role) -> EssayFile:
    name = _name_of(upload)
    # At most four bytes a character: what is too long anyway is not kept in memory.
    limits = Limits(text_bytes=4 * get_settings().MAX_ESSAY_CHARS)
    if (upload.size or 0) > limits.file_bytes:
        raise InputError(
            name,
            f"is {upload.size:,} bytes, more than the {limits.file_bytes:,} allowed",
            "Remove pictures from it, or save the text alone as .txt.",
        )
    content = file_content(name, upload.read(), limits)
    return EssayFile(
        name=name,
        role=role,
        path=Path(name),
        text=content.text,
        sha256=sha256_of(content.text),
        words=len(content.text.split()),
        removed=content.removed,
    )


def _name_of(upload: UploadedFile) -> str:
    # The framework has taken folders and unprintable characters out of the name.
    name = unicodedata.normalize("NFC", upload.name or "")
    if len(name) > MAX_NAME_CHARS:
        problem = f"has a name of more than {MAX_NAME_CHARS} characters"
        raise InputError(name, problem, "Rename the file.")
    return name


def _known_grades(
    students: Sequence[EssayFile],
    anchors: Sequence[EssayFile],
    grades: UploadedFile | None,
    scale: Sequence[str],
) -> dict[str, str]:
    if grades is None:
        return _or_refused("anchors", "", lambda: grades_for(anchors, scale))
    with TemporaryDirectory() as folder:
        # The reader takes a path. The name is the upload's, as messages show it.
        path = Path(folder) / PurePath(_or_refused("grades", "", lambda: _name_of(grades))).name
        with path.open("wb") as copy:
            for chunk in grades.chunks():
                copy.write(chunk)

        def read() -> dict[str, str]:
            return grades_for(anchors, scale, path) | student_grades(students, scale, path)

        return _or_refused("grades", f"{folder}/", read)


def _or_refused(field: str, folder: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except InputError as error:
        messages = [str(found).removeprefix(folder) for found in error.errors]
    raise ValidationError({field: messages})
