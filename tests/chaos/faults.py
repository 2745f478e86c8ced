"""Faults: what is broken in the middle of a run, and what may come of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import redis

from tests.chaos.grounds import SLOTS, Ground

EMBEDDED, SERVERS = "embedded", "servers"
BOTH = (EMBEDDED, SERVERS)
HOUR = 3600
# Seconds for which a server is gone; long enough for every process to notice.
AWAY = 4.0
A_MINUTE = 60.0


@dataclass(frozen=True)
class Fault:
    """`strike` breaks something in the middle of the run, and mends it where somebody would.

    `repeats`: most calls that may be made again because their answer was lost on the way, with the
    process that waited for it. `chaos`: what is wrong all the time; `shifted`: the worker whose
    clock jumps; `lease`: longer than the fault, where answers must outlast it. `moments`: how often
    it strikes in the middle of the run; `names`: the faults that it is made of, if several.
    """

    name: str
    stacks: tuple[str, ...]
    strike: Callable[[Ground], None]
    repeats: int = 0
    chaos: str = ""
    shifted: tuple[str, ...] = ()
    lease: int = 12
    moments: int = 1
    names: tuple[str, ...] = ()


def somewhere(ground: Ground) -> None:
    """Go on until the next of the run's random moments."""
    ground.wait_for_calls(ground.moments.pop(0))
    time.sleep(ground.random.uniform(0.0, 1.0))


def nothing(ground: Ground) -> None:
    """An undisturbed run, to compare with; also where the trouble is there from the start."""


def kill_a_judge(ground: Ground) -> None:
    """A worker that waits for answers, with calls under way; a supervisor starts it again."""
    somewhere(ground)
    name = ground.random.choice([*ground.judges])
    ground.kill(ground.judges[name])
    ground.start_worker(name)


def kill_the_desk(ground: Ground) -> None:
    """The worker that records answers, weighs waves and sweeps."""
    somewhere(ground)
    for name, worker in [*ground.desks.items()]:
        ground.kill(worker)
        ground.start_worker(name)


def kill_all_workers(ground: Ground) -> None:
    """A machine dies, and comes back."""
    somewhere(ground)
    names = list(ground.workers)
    for name in names:
        ground.kill(ground.workers[name])
    for name in names:
        ground.start_worker(name)


def kill_beat(ground: Ground) -> None:
    """Who sends for the sweeps; back some seconds later."""
    somewhere(ground)
    assert ground.beat is not None
    ground.kill(ground.beat)
    time.sleep(AWAY)
    ground.start_beat()


def kill_the_command(ground: Ground) -> None:
    """On the embedded default it is all there is, so it is killed twice."""
    for _ in range(2 if ground.embedded else 1):
        somewhere(ground)
        ground.kill(ground.command, or_ended=True)  # it may have been faster
        ground.resume()


def restart_the_broker(ground: Ground) -> None:
    """On some seeds it has kept its messages, on some it has lost them."""
    somewhere(ground)
    ground.broker.crash(keeping=ground.seed % 2 == 0)
    time.sleep(AWAY)
    ground.broker.begin()


def flush_the_broker(ground: Ground) -> None:
    """Every message is gone, those under way too."""
    somewhere(ground)
    with redis.Redis.from_url(ground.broker.url(0)) as broker:
        broker.flushall()


def restart_the_database(ground: Ground) -> None:
    """Every connection is cut, and nobody gets a new one for some seconds."""
    somewhere(ground)
    ground.crash_database()
    time.sleep(AWAY)
    ground.begin_database()


def _provider_goes_away(ground: Ground, seconds: float) -> None:
    somewhere(ground)
    ground.kill(ground.provider)
    time.sleep(seconds)
    ground.start_provider()


def provider_away(ground: Ground) -> None:
    """No connection is taken for some seconds, and calls under way are cut off."""
    _provider_goes_away(ground, 3 * AWAY)


def provider_away_for_a_minute(ground: Ground) -> None:
    _provider_goes_away(ground, A_MINUTE)


def set_a_clock(ground: Ground) -> None:
    """A worker's clock (embedded, the only one) is wrong by up to an hour from here on."""
    off = ground.random.choice((-1, 1)) * ground.random.uniform(0.1, 1.0) * HOUR
    draft = ground.clock.with_suffix(".new")
    draft.write_text(str(off))
    draft.replace(ground.clock)


def jump(ground: Ground) -> None:
    """Wrong from the start on the servers, and in the middle of the run set wrong again."""
    somewhere(ground)
    set_a_clock(ground)


def fill_the_disk(ground: Ground) -> None:
    """The run's documents do not fit; when there is room again they are written from the rows.

    It is full from the start, so that no command can be faster than whoever fills it.
    """
    ground.end()
    command = ground.command
    assert command.returncode == 1, command.tail()
    assert "Traceback" not in command.stderr, command.tail()
    assert "File too large" in command.stderr and "eng5 report" in command.stderr, command.tail()
    left = {path.name for path in ground.output.iterdir()}
    assert left <= {"run.json", "comparisons.csv", "results.csv"}, left  # nothing half-written
    ground.chaos = ",".join(word for word in ground.chaos.split(",") if word != "full")
    ground.start_command("report", ground.output)


# In flight at the kill: at most one call for each slot.
ALL: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        fault.name: fault
        for fault in (
            Fault("none", BOTH, nothing, moments=0),
            Fault("kill-desk", (SERVERS,), kill_the_desk),
            Fault("kill-judge", (SERVERS,), kill_a_judge, repeats=SLOTS // 2),
            Fault("kill-all-workers", (SERVERS,), kill_all_workers, repeats=SLOTS),
            Fault("kill-beat", (SERVERS,), kill_beat),
            Fault("kill-command", (SERVERS,), kill_the_command),
            Fault("kill-and-resume", (EMBEDDED,), kill_the_command, repeats=2 * SLOTS, moments=2),
            Fault("broker-restarted", (SERVERS,), restart_the_broker),
            Fault("broker-flushed", (SERVERS,), flush_the_broker),
            Fault("database-restarted", (SERVERS,), restart_the_database, lease=60),
            Fault("provider-away", BOTH, provider_away, repeats=SLOTS),
            Fault("provider-away-60s", BOTH, provider_away_for_a_minute, repeats=SLOTS),
            Fault("delivered-twice", BOTH, nothing, chaos="twice", moments=0),
            Fault("out-of-order", BOTH, nothing, chaos="disorder", moments=0),
            Fault("clock-jump", (SERVERS,), jump, shifted=("judge1", "desk")),
            Fault("clock-jump-embedded", (EMBEDDED,), jump, shifted=("command",)),
            Fault("disk-full", BOTH, fill_the_disk, chaos="full", moments=0),
        )
    }
)


def together(name: str, stack: str, *names: str) -> Fault:
    """One run that all of these meet, one after the other."""
    faults = [ALL[each] for each in names]

    def strike(ground: Ground) -> None:
        for fault in faults:
            fault.strike(ground)

    return Fault(
        name,
        (stack,),
        strike,
        repeats=sum(fault.repeats for fault in faults),
        chaos=",".join(fault.chaos for fault in faults if fault.chaos),
        shifted=tuple(worker for fault in faults for worker in fault.shifted),
        lease=max(fault.lease for fault in faults),
        moments=sum(fault.moments for fault in faults),
        names=names,
    )


# Every fault once, in few runs.
NIGHTS: Final = (
    together(
        "everybody dies",
        SERVERS,
        *("kill-judge", "kill-command", "kill-desk", "kill-beat", "kill-all-workers"),
    ),
    together("the servers go", SERVERS, "broker-flushed", "database-restarted", "broker-restarted"),
    together(
        "nothing is in order",
        SERVERS,
        *("delivered-twice", "out-of-order", "clock-jump", "provider-away", "disk-full"),
    ),
    together("the command dies", EMBEDDED, "delivered-twice", "kill-and-resume", "disk-full"),
    together(
        "the world is wrong", EMBEDDED, "out-of-order", "clock-jump-embedded", "provider-away"
    ),
)
