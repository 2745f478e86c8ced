"""Requests that are sent again: a batch is found by the key its caller gave it."""

import hashlib

from django.contrib.auth.models import AbstractBaseUser
from django.core.files.uploadedfile import UploadedFile

from assessment.api.problems import Conflict
from assessment.models import Batch
from llmprovider.contracts import idempotency_keys as keys


def digest_of(payload: object) -> str:
    """Equal for equal fields and files, however the fields are ordered and spaced."""
    return keys.digest_of(payload, _of_file)


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
