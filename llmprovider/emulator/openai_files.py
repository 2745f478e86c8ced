"""OpenAI: files, uploaded for a batch or written by one."""

import re
from typing import Any, Final

from llmprovider.emulator.batch_doors import Visit, at_door
from llmprovider.emulator.http_messages import Cut, Reply, Request, json_reply
from llmprovider.emulator.kept_files import KeptFile
from llmprovider.emulator.openai_dialects import invalid
from llmprovider.emulator.openai_responses import Responses
from llmprovider.emulator.states import State
from llmprovider.emulator.vendor_errors import VendorError

LONGEST_LIFE: Final = 30 * 24 * 3600
_PURPOSES: Final = frozenset({"batch"})
_PART_NAME: Final = re.compile(rb'name="([^"]+)"')
_FILE_NAME: Final = re.compile(rb'filename="([^"]*)"')


def upload(state: State, request: Request) -> Reply:
    return at_door(Responses(), "upload", state, request, _upload)


def get_file(state: State, request: Request) -> Reply:
    return at_door(Responses(), "check", state, request, _get)


def get_content(state: State, request: Request) -> Reply:
    return at_door(Responses(), "results", state, request, _content)


def delete_file(state: State, request: Request) -> Reply:
    return at_door(Responses(), "cancel", state, request, _delete)


def _upload(state: State, visit: Visit) -> Reply:
    parts = _parts(visit.request)
    if parts.get("purpose", (b"", b""))[0].decode() not in _PURPOSES:
        raise invalid("Invalid value for 'purpose': only 'batch' is emulated.", None, "purpose")
    if "file" not in parts:
        raise invalid("Missing required parameter: 'file'.", "missing_required_parameter", "file")
    content, name = parts["file"]
    now = state.clock.now()
    file = KeptFile(
        id=f"file-emulated{state.serial():08d}",
        key=visit.key,
        name=name.decode("utf-8", "replace"),
        purpose="batch",
        created_at=now,
        content=content,
        expires_at=now + _life(parts),
    )
    state.files.add(file)
    return _shown(file, visit)


def _life(parts: dict[str, tuple[bytes, bytes]]) -> int:
    given = parts.get("expires_after[seconds]")
    if given is None:
        return LONGEST_LIFE
    seconds = int(given[0]) if given[0].isdigit() else 0
    if not 3600 <= seconds <= LONGEST_LIFE:
        raise invalid("Invalid 'expires_after.seconds': 3600 to 2592000.", None, "expires_after")
    return seconds


def _parts(request: Request) -> dict[str, tuple[bytes, bytes]]:
    """The parts of a form by name: content and file name."""
    kind, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    if not kind.startswith("multipart/form-data") or not boundary:
        raise invalid("The body must be multipart/form-data.")
    mark = b"--" + boundary.strip('"').encode()
    parts = {}
    for part in request.body.split(b"\r\n" + mark):
        head, _, content = part.removeprefix(mark).partition(b"\r\n\r\n")
        if named := _PART_NAME.search(head.replace(b"filename=", b"file-name=")):
            file_name = _FILE_NAME.search(head)
            parts[named[1].decode()] = (content, file_name[1] if file_name else b"")
    return parts


def _get(state: State, visit: Visit) -> Reply:
    return _shown(_named(state, visit), visit)


def _content(state: State, visit: Visit) -> Reply:
    file = _named(state, visit)
    return Reply(
        200,
        b"",
        {"content-type": "application/octet-stream", "x-request-id": visit.request_id},
        Cut.CUT_OFF if visit.cut_off else None,
        stream=file.pieces(),
    )


def _delete(state: State, visit: Visit) -> Reply:
    file = _named(state, visit)
    state.files.delete(file.id)
    body = {"id": file.id, "object": "file", "deleted": True}
    return json_reply(200, body, {"x-request-id": visit.request_id})


def _named(state: State, visit: Visit) -> KeptFile:
    file = state.files.get(visit.key, visit.request.name, state.clock.now())
    if file is None:
        message = f"No such File object: {visit.request.name[:80]}"
        raise VendorError(404, "invalid_request_error", message, param="id")
    return file


def _shown(file: KeptFile, visit: Visit) -> Reply:
    body: dict[str, Any] = {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "created_at": int(file.created_at),
        "expires_at": int(file.expires_at) if file.expires_at is not None else None,
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }
    return json_reply(200, body, {"x-request-id": visit.request_id})
