"""What can go wrong with a batch job, beyond what can go wrong with a call."""

import threading
from dataclasses import dataclass, field
from enum import StrEnum


class JobFault(StrEnum):
    """What goes wrong with a job as a whole, from its creation on."""

    LOST_REPLY = "lost_reply"  # created, but the connection breaks before the answer
    NO_REPLY = "no_reply"  # created, but no answer until the client gives up
    JOB_FAILED = "job_failed"
    OVERDUE = "overdue"  # a third of the requests is not done when the window closes
    LATE_OUTPUT = "late_output"  # ended some time before its files are there
    NO_COUNTS = "no_counts"
    EMPTY_FILE_ID = "empty_file_id"  # "" where there is no file


class LineFault(StrEnum):
    """What goes wrong with one request of a job."""

    LOST_LINE = "lost_line"  # no line in any file
    DUPLICATED_LINE = "duplicated_line"
    EXPIRED_LINE = "expired_line"
    BROKEN_LINE = "broken_line"  # half its JSON
    NO_OUTPUT = "no_output"  # ended well, with nothing in it


@dataclass
class JobFaultQueue:
    """Faults asked for ahead of the jobs, or of the requests, that they strike."""

    _waiting: list[JobFault | LineFault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: JobFault | LineFault, times: int = 1) -> None:
        with self._lock:
            self._waiting += [fault] * times

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take_for_job(self) -> JobFault | None:
        with self._lock:
            for at, fault in enumerate(self._waiting):
                if isinstance(fault, JobFault):
                    del self._waiting[at]
                    return fault
        return None

    def take_for_line(self) -> LineFault | None:
        with self._lock:
            for at, fault in enumerate(self._waiting):
                if isinstance(fault, LineFault):
                    del self._waiting[at]
                    return fault
        return None


def job_fault(name: str) -> JobFault | LineFault:
    """By its name. Raises ValueError for any other."""
    if name in set(LineFault):
        return LineFault(name)
    if name in set(JobFault):
        return JobFault(name)
    raise ValueError(f"unknown fault {name!r}. Use one of: {', '.join([*JobFault, *LineFault])}")
