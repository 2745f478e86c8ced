"""Faults: what can go wrong with a call, by name, and the ones still to come."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final


class Fault(StrEnum):
    """What goes wrong. The first group ends the call, the second spoils an answer."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    RESET = "reset"
    CUT_OFF = "cut_off"
    MALFORMED_BODY = "malformed_body"
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    QUOTA = "quota"
    SPEND_LIMIT = "spend_limit"
    UNKNOWN_MODEL = "unknown_model"
    TOO_LARGE = "too_large"
    BAD_REQUEST = "bad_request"
    ECHOING_ERROR = "echoing_error"

    MALFORMED_ANSWER = "malformed_answer"
    EMPTY_ANSWER = "empty_answer"
    FENCED_ANSWER = "fenced_answer"
    MISSING_ITEM = "missing_item"
    EXTRA_ITEM = "extra_item"
    DUPLICATE_EQUAL = "duplicate_equal"
    DUPLICATE_CONFLICTING = "duplicate_conflicting"
    PERMUTED = "permuted"
    TRUNCATED = "truncated"
    REFUSAL = "refusal"
    TIE = "tie"
    WRONG_TYPE = "wrong_type"
    CONFIDENCE_OUT_OF_RANGE = "confidence_out_of_range"
    LONG_JUSTIFICATION = "long_justification"


ANSWER_FAULTS: Final = frozenset(list(Fault)[list(Fault).index(Fault.MALFORMED_ANSWER) :])
DEFAULT_RETRY_AFTER: Final = 1.0


JUDGING: Final = "judging"
# What a client asks of a batch API.
DOORS: Final = ("upload", "create", "check", "list", "cancel", "results")


@dataclass(frozen=True)
class Injection:
    """One fault to come. `retry_after` in seconds, for errors that name one (None: none named).

    `times`: how many calls it strikes. `model`: only calls for this model (None: any). `at`: the
    door it strikes at: judging (calls, and requests of a job), or one of `DOORS`.
    """

    fault: Fault
    retry_after: float | None = None
    times: int = 1
    model: str | None = None
    at: str = JUDGING


def injection(values: Mapping[str, Any]) -> Injection:
    """From loose values: `fault`, and optionally `retry_after`, `times`, `model`, `at`.

    Raises ValueError for anything else, naming it.
    """
    unknown = set(values) - {"fault", "retry_after", "times", "model", "at"}
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r}")
    name = str(values.get("fault", ""))
    if name not in set(Fault):
        raise ValueError(f"unknown fault {name!r}. Use one of: {', '.join(Fault)}")
    retry_after = values.get("retry_after")
    times = int(values.get("times", 1))
    if times < 1:
        raise ValueError("times must be at least 1")
    model = values.get("model")
    at = str(values.get("at", JUDGING))
    if at not in (JUDGING, *DOORS):
        raise ValueError(f"unknown door {at!r}. Use one of: {', '.join((JUDGING, *DOORS))}")
    return Injection(
        Fault(name),
        float(retry_after) if retry_after is not None else None,
        times,
        str(model) if model is not None else None,
        at,
    )


def header_injection(header: str) -> Injection:
    """From the header `x-emulator-fault: name` or `name; retry_after=2`. Raises ValueError."""
    name, *options = (part.strip() for part in header.split(";"))
    values: dict[str, Any] = {"fault": name}
    for option in options:
        key, _, value = option.partition("=")
        values[key.strip()] = value.strip()
    return injection(values)


@dataclass
class FaultQueue:
    """Faults asked for ahead of the calls they strike, first come first served."""

    _waiting: list[Injection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, coming: Injection) -> None:
        with self._lock:
            self._waiting.append(coming)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def __len__(self) -> int:
        """Strikes still to come."""
        with self._lock:
            return sum(coming.times for coming in self._waiting)

    def take(self, model: str, door: str = JUDGING) -> Injection | None:
        """The fault that strikes this call."""
        with self._lock:
            for at, coming in enumerate(self._waiting):
                if coming.at == door and coming.model in (None, model):
                    if coming.times == 1:
                        del self._waiting[at]
                    else:
                        self._waiting[at] = replace(coming, times=coming.times - 1)
                    return coming
        return None
