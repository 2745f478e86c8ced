"""A real HTTP server that speaks as Anthropic and OpenAI do, judged by the latent-quality judge.

For tests, trials and demonstrations without a key: see docs/emulator.md.
"""

from llmprovider.emulator.call_logs import Call, busiest_window
from llmprovider.emulator.clocks import Clock, SetClock
from llmprovider.emulator.emulators import DUMMY_KEY, Emulator
from llmprovider.emulator.faults import Fault
from llmprovider.emulator.profiles import PROFILES, Bursts, Latency, Limits, Profile
from llmprovider.emulator.vendor_models import LOCAL_MODEL

__all__ = [
    "DUMMY_KEY",
    "LOCAL_MODEL",
    "PROFILES",
    "Bursts",
    "Call",
    "Clock",
    "Emulator",
    "Fault",
    "Latency",
    "Limits",
    "Profile",
    "SetClock",
    "busiest_window",
]
