"""Reading essays, grades and the mock judge's truth from files. Knows neither Django nor Celery."""

from assessment.intake.errors import InputError, InputErrors
from assessment.intake.folders import EssayFile, read_folder, read_folders
from assessment.intake.gradings import grades_for
from assessment.intake.texts import (
    Limits,
    content_of,
    file_content,
    normalise,
    read_text,
    sha256_of,
    text_of,
)
from assessment.intake.truths import read_truth

__all__ = [
    "EssayFile",
    "InputError",
    "InputErrors",
    "Limits",
    "content_of",
    "file_content",
    "grades_for",
    "normalise",
    "read_folder",
    "read_folders",
    "read_text",
    "read_truth",
    "sha256_of",
    "text_of",
]
