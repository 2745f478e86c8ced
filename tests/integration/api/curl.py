"""Curl command lines, done with the test client: as much of curl as the manual uses."""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from rest_framework.test import APIClient

URL = "http://testserver"


def run(command: str, variables: Mapping[str, str], folders: list[Path]) -> HttpResponse:
    """Answer to the command. Files are looked for in `folders`, in this order."""
    words = shlex.split(Template(command).substitute(variables, URL=URL))
    parser = argparse.ArgumentParser()
    parser.add_argument("curl")
    parser.add_argument("url")
    parser.add_argument("-X", dest="method", default="GET")
    for flag in "HdF":
        parser.add_argument(f"-{flag}", action="append", default=[])
    given = parser.parse_args(_flags_last(words))
    headers = dict(header.split(": ", 1) for header in given.H)
    content_type = headers.pop("Content-Type", "application/x-www-form-urlencoded")
    client = APIClient()
    send = getattr(client, given.method.lower())
    path = given.url.removeprefix(URL)
    if given.F:
        return send(path, _form(given.F, folders), format="multipart", headers=headers)
    if given.d:
        body = "&".join(_value(part, folders) for part in given.d)
        return send(path, body, content_type=content_type, headers=headers)
    return send(path, headers=headers)


def _flags_last(words: list[str]) -> list[str]:
    """The address right after the command, where the parser expects it."""
    address = next(word for word in words if word.startswith(URL))
    return ["curl", address, *(word for word in words[1:] if word != address)]


def _form(parts: list[str], folders: list[Path]) -> dict[str, list[Any]]:
    form: dict[str, list[Any]] = {}
    for part in parts:
        name, _, value = part.partition("=")
        sent: Any = value
        if value.startswith("@"):
            path = _found(value[1:], folders)
            sent = SimpleUploadedFile(path.name, path.read_bytes())
        elif value.startswith("<"):
            sent = _found(value[1:], folders).read_text()
        form.setdefault(name, []).append(sent)
    return form


def _value(part: str, folders: list[Path]) -> str:
    return _found(part[1:], folders).read_text() if part.startswith("@") else part


def _found(name: str, folders: list[Path]) -> Path:
    return next(folder / name for folder in folders if (folder / name).is_file())
