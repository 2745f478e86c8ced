"""The provider: an emulator in a process of its own, whose log of calls outlives it.

    python -m tests.chaos.witnesses PORT LOG

The log has a line for each call that was answered, written before the answer is sent. The judge
does not err, so that an answer asked for twice is the same twice, and no fault may change a score.
"""

import json
import sys
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from llmprovider.emulator import Emulator
from llmprovider.emulator.call_logs import Call, CallLog
from llmprovider.emulator.profiles import Latency, Profile
from llmprovider.providers.latent_quality import LatentJudge

PROFILE = Profile("chaos", "Takes its time, and makes no mistake.", latency=Latency(0.4, 0.4))
JUDGE = LatentJudge(slope=1_000.0)


class WrittenLog(CallLog):
    """Kept in a file as well."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file, self._writing = file, threading.Lock()

    def add(self, call: Call) -> None:
        super().add(call)
        line = json.dumps(asdict(call)) + "\n"
        with self._writing, self._file.open("a") as log:
            log.write(line)


@dataclass(frozen=True)
class Testimony:
    """What the provider says was asked of it: how often it answered each comparison."""

    calls: int
    repeated_calls: int
    answers: Counter[str]

    @property
    def comparisons(self) -> int:
        return len(self.answers)


def testimony(log: Path) -> Testimony:
    """Of every call answered so far; a call is repeated if an earlier one had its comparisons."""
    answers: Counter[str] = Counter()
    calls = repeated = 0
    for line in log.read_text().splitlines() if log.exists() else ():
        call = json.loads(line)
        if call["status"] != 200 or call["fault"] or not call["items"]:
            continue
        calls += 1
        repeated += any(answers[pair] for pair in call["pairs"])
        answers.update(call["pairs"])
    return Testimony(calls, repeated, answers)


def serve(port: int, log: Path) -> None:
    emulator = Emulator(PROFILE, judge=JUDGE, port=port)
    emulator.state.log = WrittenLog(log)
    with emulator:
        threading.Event().wait()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
