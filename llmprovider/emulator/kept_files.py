"""Files that clients uploaded, or that jobs wrote."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class KeptFile:
    """`content` as it was uploaded, or `written` to read it from the job that wrote it."""

    id: str
    key: str
    name: str
    purpose: str
    created_at: float
    content: bytes = field(default=b"", repr=False)
    written: Callable[[], Iterator[bytes]] | None = field(default=None, repr=False)
    expires_at: float | None = None

    def pieces(self) -> Iterator[bytes]:
        if self.written is not None:
            return self.written()
        return iter([self.content] if self.content else [])

    @property
    def size(self) -> int:
        return sum(len(piece) for piece in self.pieces())


@dataclass
class Files:
    """All files of one emulator, each seen only with the key it belongs to."""

    _files: dict[str, KeptFile] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, file: KeptFile) -> None:
        """A file that is there already stays as it is."""
        with self._lock:
            self._files.setdefault(file.id, file)

    def get(self, key: str, name: str, now: float) -> KeptFile | None:
        with self._lock:
            file = self._files.get(name)
        if file is None or file.key != key:
            return None
        return None if file.expires_at is not None and file.expires_at <= now else file

    def delete(self, name: str) -> None:
        with self._lock:
            self._files.pop(name, None)
