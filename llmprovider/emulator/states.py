"""All that the endpoints of one emulator share."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from llmprovider.emulator.answers import Question
from llmprovider.emulator.batch_jobs import Jobs
from llmprovider.emulator.call_logs import CallLog
from llmprovider.emulator.clocks import Clock
from llmprovider.emulator.faults import Fault, FaultQueue, Injection
from llmprovider.emulator.job_faults import JobFaultQueue
from llmprovider.emulator.kept_files import Files
from llmprovider.emulator.prefix_caches import Entries
from llmprovider.emulator.profiles import Profile
from llmprovider.emulator.vendor_limits import VendorLimits
from llmprovider.prompting.prompts import parse_prompt
from llmprovider.providers.latent_quality import LatentJudge, text_hashes


@dataclass
class State:
    """One emulator: its profile and judge, its clock, and what it remembers."""

    profile: Profile
    judge: LatentJudge
    clock: Clock
    extra_models: frozenset[str] = frozenset()
    log: CallLog = field(default_factory=CallLog)
    faults: FaultQueue = field(default_factory=FaultQueue)
    cache: Entries = field(default_factory=Entries)
    stopping: threading.Event = field(default_factory=threading.Event)
    job_faults: JobFaultQueue = field(default_factory=JobFaultQueue)
    files: Files = field(default_factory=Files)
    limits: VendorLimits = field(init=False)
    jobs: Jobs = field(init=False)
    _asked: Counter[str] = field(default_factory=Counter)
    _answered: Counter[str] = field(default_factory=Counter)
    _burst: int = 0
    _serial: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.limits = VendorLimits(self.profile.limits, self.clock.now)
        self.jobs = Jobs(self.clock.now, self.stopping)

    def question(self, user: str) -> Question:
        """The comparisons in a user message, counted. Raises ValueError for any other message."""
        prompt = parse_prompt(user)
        if not prompt.comparisons:
            raise ValueError("not a prompt: no comparisons")
        hashes = text_hashes(prompt)
        pairs = [f"{hashes[pair.first]}:{hashes[pair.second]}" for pair in prompt.comparisons]
        identity = hashlib.sha256("\0".join(sorted(pairs)).encode()).hexdigest()
        with self._lock:
            self._asked[identity] += 1
            return Question(prompt, hashes, identity, self._asked[identity], {})

    def with_occasions(self, question: Question) -> Question:
        """The question as it is answered: each ordered pair draws anew each time it is answered.

        The first answer to a pair is drawn as the mock judge's first is, so that neither the
        order of calls nor the make-up of bundles changes it.
        """
        occasions = {}
        with self._lock:
            for pair in question.prompt.comparisons:
                key = f"{question.hashes[pair.first]}:{question.hashes[pair.second]}"
                self._answered[key] += 1
                occasions[pair.item] = str(self._answered[key])
        return Question(
            question.prompt, question.hashes, question.identity, question.ordinal, occasions
        )

    def fault_for(
        self, question: Question, model: str, asked: Injection | None
    ) -> Injection | None:
        """The fault that strikes: the request's own, else a queued one, else the profile's draw."""
        if asked is not None:
            return asked
        if (queued := self.faults.take(model)) is not None:
            return queued
        seed, profile = self.judge.seed, self.profile
        with self._lock:
            if not self._burst and question.drawn(seed, "burst") < profile.bursts.probability:
                self._burst = profile.bursts.length
            if self._burst:
                self._burst -= 1
                return Injection(profile.bursts.fault, retry_after=profile.retry_after)
        fault = profile.fault_for(question.drawn(seed, "fault"))
        return Injection(fault, retry_after=profile.retry_after) if fault else None

    def serial(self) -> int:
        with self._lock:
            self._serial += 1
            return self._serial


def pair_names(question: Question) -> Iterator[str]:
    """Ordered pairs for the log."""
    for pair in question.prompt.comparisons:
        yield f"{question.hashes[pair.first][:12]}:{question.hashes[pair.second][:12]}"


def key_name(key: str) -> str:
    """A key for the log: a short hash."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def key_fault(key: str) -> Fault | None:
    """What is wrong with a key, by its name: wrong-..., broke-... (no credit), barred-..."""
    for prefix, fault in (
        ("wrong", Fault.BAD_KEY),
        ("broke", Fault.QUOTA),
        ("barred", Fault.FORBIDDEN),
    ):
        if key.startswith(prefix):
            return fault
    return None
