"""A request as an endpoint sees it, and its reply."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Cut(StrEnum):
    """How a connection ends without a proper reply."""

    HANG = "hang"  # nothing, until the client gives up
    RESET = "reset"
    CUT_OFF = "cut_off"  # half a body


@dataclass(frozen=True)
class Request:
    """`headers` by lower-case name; `name`: the part of the path that names a thing."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Reply:
    """`stream`: a body that is sent piece by piece, in place of `body`."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Cut | None = None
    stream: Iterable[bytes] | None = field(default=None, repr=False)


def json_reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    data = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Reply(status, data, {"content-type": "application/json", **(headers or {})})
