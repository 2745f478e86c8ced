"""Scenarios: one fault on one stack with one seed, from an empty installation to a verdict."""

import itertools
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from tests.chaos.faults import SERVERS, Fault, set_a_clock
from tests.chaos.grounds import Ground
from tests.chaos.invariants import Fingerprint, fingerprint, violations
from tests.servers.postgresql import PostgreSQL, running_postgresql
from tests.servers.redis_servers import Redis, running_redis
from tests.servers.sites import Site


@dataclass(frozen=True)
class Verdict:
    """What came of a scenario; `wrong` is empty when everything held."""

    stack: str
    fault: str
    seed: int
    seconds: float
    calls: int
    repeated: int
    completed: int
    failed: int
    events: int
    doctor: int
    wrong: tuple[str, ...]
    fingerprint: Fingerprint


class World:
    """Servers for the scenarios on them, started when first needed; one scenario at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._closing = ExitStack()
        self._asked = folder
        self._numbers = itertools.count(1)
        self._servers: tuple[PostgreSQL, Redis] | None = None

    def __enter__(self) -> Self:
        self.folder = self._asked or Path(
            self._closing.enter_context(tempfile.TemporaryDirectory(prefix="essay-judge-chaos-"))
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def servers(self) -> tuple[PostgreSQL, Redis]:
        if self._servers is None:
            postgresql = self._closing.enter_context(running_postgresql())
            broker = self._closing.enter_context(running_redis())
            url = postgresql.create_database("migrated")
            folder = self.folder / "migrated"
            with Site(folder, database_url=url, redis_url=broker.url(0)) as site:
                site.manage("migrate", "--verbosity", "0")
            self._servers = postgresql, broker
        return self._servers

    def ground(self, stack: str, fault: Fault, seed: int) -> Ground:
        """An installation nobody has used yet."""
        number = next(self._numbers)
        folder = self.folder / f"{number:03d}" / f"{stack}-{fault.name.replace(' ', '-')}-{seed}"
        kind: dict[str, Any] = {
            "chaos": fault.chaos,
            "lease": fault.lease,
            "moments": fault.moments,
        }
        if stack != SERVERS:
            return Ground(folder, seed=seed, **kind)
        postgresql, broker = self.servers()
        with redis.Redis.from_url(broker.url(0)) as client:
            client.flushall()
        return Ground(
            folder,
            seed=seed,
            **kind,
            postgresql=postgresql,
            redis=broker,
            database_url=postgresql.create_database(f"chaos{number}", "migrated"),
        )


def play(world: World, stack: str, fault: Fault, seed: int) -> Verdict:
    """Run 300 comparisons, break what is to be broken, and see whether all is well at the end."""
    started = time.monotonic()
    ground = world.ground(stack, fault, seed)
    with ground.site:
        if fault.shifted and stack == SERVERS:
            set_a_clock(ground)
        ground.begin(ground.random.choice(fault.shifted) if fault.shifted else "")
        fault.strike(ground)
        wrong = [] if ground.end() == 0 else [f"exit code of the run:\n{ground.command.tail()}"]
        wrong += violations(ground, fault.repeats)
        doctor = ground.manage("cj_doctor")
        if doctor.returncode:
            wrong.append(f"cj_doctor:\n{doctor.tail()}")
        seen, document = ground.seen(), ground.document()
        told = [_children(ground)] if wrong else []
        verdict = Verdict(
            stack,
            fault.name,
            seed,
            time.monotonic() - started,
            seen.calls,
            seen.repeated_calls,
            ground.value("SELECT completed FROM assessment_batch"),
            ground.value("SELECT failed FROM assessment_batch"),
            ground.value("SELECT count(*) FROM assessment_outgoingevent"),
            doctor.returncode or 0,
            (*wrong, *told),
            fingerprint(document),
        )
        for child in ground.site.children:
            child.kill()  # nothing is left to do that a gentle end would be for
        return verdict


def _children(ground: Ground) -> str:
    return "\n".join(child.tail() for child in ground.site.children)
