"""Folders of essays, one essay per file."""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal

from assessment.intake.errors import InputError, InputErrors, printable
from assessment.intake.texts import DEFAULT_LIMITS, SUPPORTED, Limits, read_content, sha256_of

Role = Literal["student", "anchor"]

# What operating systems leave in folders on their own.
_LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_KINDS = ", ".join(SUPPORTED)


@dataclass(frozen=True)
class EssayFile:
    """An essay as it was handed in; `name` is the file's name, `words` counts its words,
    `removed` the hidden characters that it was rid of."""

    name: str
    role: Role
    path: Path
    text: str = field(repr=False)
    sha256: str
    words: int
    removed: int = 0


def read_folder(directory: Path, role: Role, limits: Limits = DEFAULT_LIMITS) -> list[EssayFile]:
    """The essays of a folder, sorted by file name.

    Hidden files and office programs' lock files are passed over. Raises `InputErrors` with
    everything that is wrong: no such folder, no essay in it, a folder inside it, two files with
    one name, a file of another kind, an essay that is empty, too large or unreadable.
    """
    essays, errors = _scan(directory, role, limits)
    if errors:
        raise InputErrors(errors)
    return essays


def read_folders(
    anchors: Path | None, students: Path, limits: Limits = DEFAULT_LIMITS
) -> tuple[list[EssayFile], list[EssayFile]]:
    """The anchors and the students' essays; without an anchors folder the first list is empty.

    Raises `InputErrors` with the problems of both folders, and with the names found in both.
    """
    if anchors is None:
        return [], read_folder(students, "student", limits)
    if _is_same(anchors, students):
        raise InputErrors(
            [
                InputError(
                    str(students),
                    "is given both for the anchors and for the students",
                    "Put the anchors in a folder of their own.",
                )
            ]
        )
    anchor_files, errors = _scan(anchors, "anchor", limits)
    student_files, more = _scan(students, "student", limits)
    names = {_key(essay.name): essay for essay in anchor_files}
    shared = [
        InputError(
            str(essay.path),
            f'has the same name as the anchor "{printable(names[_key(essay.name)].name)}"',
            "Rename one of the two, or remove the one that does not belong.",
        )
        for essay in student_files
        if _key(essay.name) in names
    ]
    if errors or more or shared:
        raise InputErrors([*errors, *more, *shared])
    return anchor_files, student_files


def _scan(directory: Path, role: Role, limits: Limits) -> tuple[list[EssayFile], list[InputError]]:
    try:
        paths = sorted(path for path in directory.iterdir() if not _is_litter(path.name))
    except (OSError, ValueError):
        error = InputError(
            str(directory),
            "is not a folder that can be read",
            f"Give the path of the folder with the {role} essays.",
        )
        return [], [error]
    essays: list[EssayFile] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            essays.append(_read(path, role, limits))
        except InputError as error:
            errors.append(error)
    if not paths:
        errors.append(
            InputError(
                str(directory),
                f"holds no {role} essay",
                f"Put the essays in it, one per file ({_KINDS}), or give another folder.",
            )
        )
    return sorted(essays, key=lambda essay: essay.name), [*errors, *_clashes(paths)]


def _read(path: Path, role: Role, limits: Limits) -> EssayFile:
    # Checked before the name goes anywhere: an undecodable one breaks printing and storing.
    if not unicodedata.normalize("NFC", path.name).isprintable():
        raise InputError(
            str(path), "has characters in its name that cannot be shown", "Rename the file."
        )
    if path.is_dir():
        raise InputError(
            str(path),
            "is a folder, and only files are read",
            "Move its essays up, or move it elsewhere.",
        )
    content = read_content(path, limits)
    return EssayFile(
        name=unicodedata.normalize("NFC", path.name),
        role=role,
        path=path,
        text=content.text,
        sha256=sha256_of(content.text),
        words=len(content.text.split()),
        removed=content.removed,
    )


def _clashes(paths: list[Path]) -> list[InputError]:
    first: dict[str, Path] = {}
    errors = []
    for path in paths:
        other = first.setdefault(_key(path.name), path)
        if other is not path:
            errors.append(
                InputError(
                    str(path),
                    f'has the same name as "{printable(other.name)}"',
                    "Rename one of the two: results go by name, without extension or case.",
                )
            )
    return errors


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", PurePath(name).stem).casefold()


def _is_litter(name: str) -> bool:
    return name.startswith((".", "~$")) or name.casefold() in _LITTER


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
