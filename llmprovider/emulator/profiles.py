"""Profiles: how an emulated vendor behaves, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, TypeVar

from llmprovider.emulator.faults import Fault
from llmprovider.emulator.job_faults import JobFault, LineFault

_Kind = TypeVar("_Kind")


def at_share(shares: Mapping[_Kind, float], drawn: float) -> _Kind | None:
    """The one at this point of [0, 1) when the shares lie one after the other."""
    for kind, share in shares.items():
        if drawn < share:
            return kind
        drawn -= share
    return None


_NONE: Final[Mapping[Fault, float]] = MappingProxyType({})


@dataclass(frozen=True)
class Latency:
    """Seconds until an answer: `base`, plus up to `spread` drawn evenly, plus `per_item`.

    `tokens_per_second`: how fast the answer is written after that (None: at once).
    """

    base: float = 0.0
    spread: float = 0.0
    per_item: float = 0.0
    tokens_per_second: float | None = None

    def seconds(self, drawn: float, items: int, output_tokens: int) -> float:
        """`drawn` in [0, 1)."""
        writing = output_tokens / self.tokens_per_second if self.tokens_per_second else 0.0
        return self.base + drawn * self.spread + items * self.per_item + writing


@dataclass(frozen=True)
class Limits:
    """What a vendor allows per minute, key and model (None: no limit).

    Anthropic counts requests, input tokens (those read from the cache are free) and output tokens;
    OpenAI counts requests and `tokens`, input and output together.
    """

    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Bursts:
    """With this `probability` a call begins a run of `length` calls that end in `fault`."""

    probability: float = 0.0
    length: int = 0
    fault: Fault = Fault.OVERLOADED


@dataclass(frozen=True)
class JobPace:
    """How batch jobs go, in seconds: until the input is checked, from then until each request is

    done (`base`, plus up to `spread`), from the last request or a cancel until the end, and how
    late files are that are late. Probabilities: `faults` per job, `line_faults` per request of a
    job, `door_faults` per request to a batch endpoint.
    """

    validating: float = 0.0
    base: float = 0.0
    spread: float = 0.0
    finalizing: float = 0.0
    cancelling: float = 0.0
    late: float = 20.0
    faults: Mapping[JobFault, float] = field(default_factory=lambda: MappingProxyType({}))
    line_faults: Mapping[LineFault, float] = field(default_factory=lambda: MappingProxyType({}))
    door_faults: Mapping[Fault, float] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        for shares in (self.faults, self.line_faults, self.door_faults):
            if not 0 <= sum(shares.values()) <= 1:
                raise ValueError("the faults of jobs sum to more than 1")

    def fault_for(self, drawn: float) -> JobFault | None:
        """The fault at this point of [0, 1)."""
        return at_share(self.faults, drawn)

    def line_fault_for(self, drawn: float) -> LineFault | None:
        return at_share(self.line_faults, drawn)

    def door_fault_for(self, drawn: float) -> Fault | None:
        return at_share(self.door_faults, drawn)


@dataclass(frozen=True)
class Profile:
    """`faults`: probability per call of each. `first_share`: where no truth is given, the share of
    winners that are the text named first, whatever the texts (None: the judge reads the texts).
    """

    name: str
    summary: str
    latency: Latency = Latency()
    limits: Limits = Limits()
    faults: Mapping[Fault, float] = field(default_factory=lambda: _NONE)
    bursts: Bursts = Bursts()
    first_share: float | None = None
    retry_after: float = 1.0
    jobs: JobPace = JobPace()

    def __post_init__(self) -> None:
        if not 0 <= sum(self.faults.values()) <= 1:
            raise ValueError(f"the faults of profile {self.name!r} sum to more than 1")

    def fault_for(self, drawn: float) -> Fault | None:
        """The fault at this point of [0, 1)."""
        return at_share(self.faults, drawn)


_QUICK: Final = Latency(0.05, 0.10)

_FLAKY: Final[Mapping[Fault, float]] = MappingProxyType(
    {
        Fault.RATE_LIMIT: 0.02,
        Fault.SERVER_ERROR: 0.02,
        Fault.OVERLOADED: 0.02,
        Fault.UNAVAILABLE: 0.01,
        Fault.TIMEOUT: 0.01,
        Fault.RESET: 0.02,
        Fault.MALFORMED_BODY: 0.01,
        Fault.MALFORMED_ANSWER: 0.01,
        Fault.MISSING_ITEM: 0.02,
        Fault.EXTRA_ITEM: 0.01,
        Fault.DUPLICATE_EQUAL: 0.01,
        Fault.DUPLICATE_CONFLICTING: 0.01,
        Fault.PERMUTED: 0.01,
        Fault.TRUNCATED: 0.01,
        Fault.REFUSAL: 0.01,
    }
)

_HOSTILE: Final[Mapping[Fault, float]] = MappingProxyType(
    {
        Fault.ECHOING_ERROR: 0.04,
        Fault.MALFORMED_ANSWER: 0.04,
        Fault.EMPTY_ANSWER: 0.04,
        Fault.FENCED_ANSWER: 0.04,
        Fault.MISSING_ITEM: 0.04,
        Fault.EXTRA_ITEM: 0.04,
        Fault.DUPLICATE_EQUAL: 0.04,
        Fault.DUPLICATE_CONFLICTING: 0.04,
        Fault.PERMUTED: 0.04,
        Fault.TRUNCATED: 0.04,
        Fault.REFUSAL: 0.04,
        Fault.TIE: 0.04,
        Fault.WRONG_TYPE: 0.04,
        Fault.CONFIDENCE_OUT_OF_RANGE: 0.04,
        Fault.LONG_JUSTIFICATION: 0.04,
    }
)

_JOBS: Final = JobPace(5.0, 30.0, 270.0, finalizing=10.0, cancelling=15.0)

_BATCH_FLAKY: Final[Mapping[Fault, float]] = MappingProxyType(
    {
        Fault.SERVER_ERROR: 0.02,
        Fault.OVERLOADED: 0.02,
        Fault.RATE_LIMIT: 0.01,
        Fault.BAD_REQUEST: 0.005,
        Fault.ECHOING_ERROR: 0.005,
        Fault.MALFORMED_ANSWER: 0.01,
        Fault.TRUNCATED: 0.01,
        Fault.REFUSAL: 0.01,
    }
)

_JOB_FAULTS: Final[Mapping[JobFault, float]] = MappingProxyType(
    {
        JobFault.LOST_REPLY: 0.10,
        JobFault.LATE_OUTPUT: 0.20,
        JobFault.NO_COUNTS: 0.15,
        JobFault.EMPTY_FILE_ID: 0.15,
        JobFault.OVERDUE: 0.05,
    }
)

_DOOR_FAULTS: Final[Mapping[Fault, float]] = MappingProxyType(
    {
        Fault.UNAVAILABLE: 0.03,
        Fault.RATE_LIMIT: 0.02,
        Fault.RESET: 0.01,
        Fault.CUT_OFF: 0.02,
    }
)

_LINE_FAULTS: Final[Mapping[LineFault, float]] = MappingProxyType(
    {
        LineFault.LOST_LINE: 0.02,
        LineFault.DUPLICATED_LINE: 0.02,
        LineFault.EXPIRED_LINE: 0.02,
        LineFault.BROKEN_LINE: 0.01,
        LineFault.NO_OUTPUT: 0.01,
    }
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("instant", "No fault, no limit, no waiting: for tests."),
            Profile("clean", "No fault and no limit; quick answers.", _QUICK),
            Profile(
                "realistic",
                "A vendor on a good day: slow for large bundles, limits of a middle tier.",
                Latency(0.6, 0.6, tokens_per_second=80.0),
                Limits(1_000, 450_000, 90_000, 500_000),
            ),
            Profile(
                "cj_generic_batch",
                "Never fails, answers at once, and the text named first always wins.",
                first_share=1.0,
            ),
            Profile(
                "eng5_anchor",
                "The anchor run: never fails, 35 of 66 winners are named first.",
                Latency(1.2, 0.8),
                first_share=35 / 66,
            ),
            Profile(
                "eng5_lower5",
                "The run of the five weakest anchors: never fails, 4 of 10 winners named first.",
                Latency(1.0, 1.0),
                first_share=0.4,
            ),
            Profile("flaky", "One call in five goes wrong, in mixed ways.", _QUICK, faults=_FLAKY),
            Profile(
                "rate_limited",
                "Tight limits, each answered by 429 with Retry-After when reached.",
                _QUICK,
                Limits(60, 120_000, 24_000, 144_000),
            ),
            Profile(
                "overloaded",
                "Every fourth call is refused as overloaded, and bursts of five refuse in a row.",
                Latency(0.5, 1.5),
                faults=MappingProxyType({Fault.OVERLOADED: 0.20, Fault.UNAVAILABLE: 0.05}),
                bursts=Bursts(0.03, 5, Fault.OVERLOADED),
                retry_after=2.0,
            ),
            Profile(
                "batch_api",
                "Batch jobs as on a good day: done within minutes, without a fault.",
                _QUICK,
                jobs=_JOBS,
            ),
            Profile(
                "batch_flaky",
                "Batch jobs go wrong in all the ways they are known to.",
                _QUICK,
                faults=_BATCH_FLAKY,
                jobs=replace(
                    _JOBS,
                    faults=_JOB_FAULTS,
                    line_faults=_LINE_FAULTS,
                    door_faults=_DOOR_FAULTS,
                ),
            ),
            Profile(
                "hostile",
                "Six calls in ten give an answer spoilt in one of fifteen ways.",
                _QUICK,
                faults=_HOSTILE,
            ),
        )
    }
)
