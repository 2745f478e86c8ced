"""A running emulator, as Python holds it."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from llmprovider.emulator.call_logs import Call
from llmprovider.emulator.clocks import Clock
from llmprovider.emulator.controls import jobs_as_json
from llmprovider.emulator.faults import JUDGING, Fault, injection
from llmprovider.emulator.job_faults import JobFault, LineFault, job_fault
from llmprovider.emulator.profiles import PROFILES, Limits, Profile
from llmprovider.emulator.servers import EmulatorServer
from llmprovider.emulator.states import State
from llmprovider.providers.latent_quality import LatentJudge

DUMMY_KEY = "dummy"


class Emulator:
    """A server on a port of this machine, from `start` to `stop`; also a context manager.

    `profile`: a name of PROFILES or a profile of one's own; `limits` replaces its limits. `port` 0
    picks a free one. Raises KeyError for an unknown profile, OSError for a port in use.
    """

    def __init__(
        self,
        profile: str | Profile = "instant",
        *,
        judge: LatentJudge | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        models: tuple[str, ...] = (),
    ) -> None:
        chosen = PROFILES[profile] if isinstance(profile, str) else profile
        if limits is not None:
            chosen = replace(chosen, limits=limits)
        self.state = State(
            chosen, judge or LatentJudge(), clock or Clock(), extra_models=frozenset(models)
        )
        self._server = EmulatorServer((host, port), self.state)
        self._thread: threading.Thread | None = None
        self.host, self.port = host, int(self._server.server_address[1])

    @property
    def anthropic_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def openai_url(self) -> str:
        return f"{self.anthropic_url}/v1"

    @property
    def environment(self) -> Mapping[str, str]:
        """What sends both SDKs here, with a key that opens nothing else."""
        return {
            "ANTHROPIC_BASE_URL": self.anthropic_url,
            "ANTHROPIC_API_KEY": DUMMY_KEY,
            "OPENAI_BASE_URL": self.openai_url,
            "OPENAI_API_KEY": DUMMY_KEY,
            "OPENAI_COMPATIBLE_BASE_URL": self.openai_url,
        }

    @property
    def calls(self) -> list[Call]:
        """Every call answered so far."""
        return self.state.log.all()

    def fail_next(
        self,
        fault: Fault | str,
        *,
        times: int = 1,
        retry_after: float | None = None,
        model: str | None = None,
        at: str = JUDGING,
    ) -> None:
        """Let the next calls (for this model, at this door) end in the fault.

        Raises ValueError if unknown.
        """
        values = {"fault": fault, "retry_after": retry_after, "times": times, "model": model}
        self.state.faults.add(injection({**values, "at": at}))

    def fail_jobs(self, fault: JobFault | LineFault | str, *, times: int = 1) -> None:
        """Let the fault strike the next batch jobs, or the next requests of any job."""
        self.state.job_faults.add(job_fault(fault), times)

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """Every batch job, and what was charged for it, as `/_emulator/jobs` shows it."""
        return jobs_as_json(self.state)

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Twice does no harm."""
        if self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
