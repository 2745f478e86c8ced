"""Prompt caches as the two vendors keep them: which input was read, which was written.

An entry counts from the moment the answer of the call that wrote it begins, so calls that start
together all write.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from llmprovider.emulator.token_counts import count_tokens, prefix_digests

Ttl = Literal["5m", "1h"]
TTL_SECONDS: Final[dict[str, float]] = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True)
class Block:
    """One piece of a prompt in its order; `ttl` marks a breakpoint at its end."""

    text: str = field(repr=False)
    ttl: Ttl | None = None


@dataclass(frozen=True)
class CacheUse:
    """Input tokens by class; `fresh` are neither read nor written. Sums to the whole input."""

    fresh: int
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    # What to remember once the answer begins: digest -> lifetime in seconds.
    kept: tuple[tuple[bytes, float], ...] = ()

    @property
    def written(self) -> int:
        return self.write_5m + self.write_1h

    @property
    def total(self) -> int:
        return self.fresh + self.read + self.written


@dataclass
class Entries:
    """Prefixes known, each until its time; a prefix that is read lives on for its lifetime."""

    _until: dict[bytes, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, digest: bytes, now: float) -> bool:
        with self._lock:
            until, _ = self._until.get(digest, (0.0, 0.0))
            return now < until

    def keep(self, kept: Sequence[tuple[bytes, float]], now: float) -> None:
        with self._lock:
            for digest, lifetime in kept:
                until, _ = self._until.get(digest, (0.0, 0.0))
                self._until[digest] = (max(until, now + lifetime), lifetime)
            if len(self._until) > 200_000:
                self._until = {k: v for k, v in self._until.items() if now < v[0]}


def breakpoint_use(
    entries: Entries, scope: str, blocks: Sequence[Block], minimum: int, now: float
) -> CacheUse:
    """Anthropic's way: read up to the furthest known breakpoint, write from there to the last one.

    `scope`: key and model. A prefix shorter than `minimum` tokens is neither read nor written.
    """
    digest = hashlib.sha256(scope.encode())
    tokens = 0
    points: list[tuple[int, bytes, Ttl]] = []
    for block in blocks:
        digest.update(f"\0{len(block.text)}\0{block.text}".encode("utf-8", "replace"))
        tokens += count_tokens(block.text)
        if block.ttl and tokens >= minimum:
            points.append((tokens, digest.copy().digest(), block.ttl))
    read = max((at for at, known, _ in points if entries.known(known, now)), default=0)
    write = {"5m": 0, "1h": 0}
    begin = read
    for at, _, ttl in points:
        if at > read:
            write[ttl] += at - begin
            begin = at
    end = points[-1][0] if points else 0
    return CacheUse(
        fresh=tokens - end,
        read=read,
        write_5m=write["5m"],
        write_1h=write["1h"],
        kept=tuple((known, TTL_SECONDS[ttl]) for _, known, ttl in points),
    )


AUTOMATIC_MINIMUM: Final = 1024
AUTOMATIC_STEP: Final = 128


def automatic_use(
    entries: Entries, scope: str, text: str, lifetime: float, *, bills_writes: bool, now: float
) -> CacheUse:
    """OpenAI's implicit way: the longest known prefix of 1024 tokens and then steps of 128."""
    total = count_tokens(text)
    steps = [
        (at, hashlib.sha256(scope.encode() + digest).digest())
        for at, digest in prefix_digests(text, AUTOMATIC_MINIMUM, AUTOMATIC_STEP)
    ]
    read = max((at for at, known in steps if entries.known(known, now)), default=0)
    written = steps[-1][0] - read if steps and bills_writes else 0
    return CacheUse(
        fresh=total - read - written,
        read=read,
        write_5m=written,
        kept=tuple((known, lifetime) for _, known in steps),
    )


def explicit_use(
    entries: Entries, scope: str, blocks: Sequence[tuple[str, float | None]], now: float
) -> CacheUse:
    """OpenAI's explicit way: (text, lifetime of the breakpoint at its end or None) in order."""
    digest = hashlib.sha256(scope.encode())
    tokens = 0
    points: list[tuple[int, bytes, float]] = []
    for text, lifetime in blocks:
        digest.update(f"\0{len(text)}\0{text}".encode("utf-8", "replace"))
        tokens += count_tokens(text)
        if lifetime and tokens >= AUTOMATIC_MINIMUM:
            points.append((tokens, digest.copy().digest(), lifetime))
    read = max((at for at, known, _ in points if entries.known(known, now)), default=0)
    written = max(0, points[-1][0] - read) if points else 0
    return CacheUse(
        fresh=tokens - read - written,
        read=read,
        write_5m=written,
        kept=tuple((known, lifetime) for _, known, lifetime in points),
    )
