"""Requests that are sent again: a batch is found by the key its caller gave it."""

import hashlib
import json

from django.contrib.auth.models import AbstractBaseUser
from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request

from assessment.api.problems import Conflict
from assessment.models import Batch
from llmprovider.contracts.idempotency_keys import KEY_HEADER, KEY_RULE, is_key


def key_of(request: Request) -> str:
    """The idempotency key; empty where none is given. Raises ValidationError for a bad one."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return ""
    if not is_key(key):
        raise ValidationError({KEY_HEADER: [KEY_RULE]})
    return key


def digest_of(payload: object) -> str:
    """Equal for equal fields and files, however the fields are ordered and spaced."""
    try:
        written = json.dumps(payload, sort_keys=True, default=_of_file)
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None
    return hashlib.sha256(written.encode()).hexdigest()


def earlier(owner: AbstractBaseUser, key: str, digest: str) -> Batch | None:
    """The batch this user's `key` stands for already. Raises Conflict where it is another's."""
    if not key:
        return None
    found = Batch.objects.filter(created_by=owner.pk, idempotency_key=key).first()
    if found is not None and found.request_sha256 != digest:
        raise Conflict(
            f"This idempotency key stands for another request, batch {found.pk}. Use a new key."
        )
    return found


def _of_file(upload: object) -> list[str]:
    if not isinstance(upload, UploadedFile):
        raise TypeError(f"{type(upload).__name__} is neither JSON nor a file")
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return [upload.name or "", digest.hexdigest()]
