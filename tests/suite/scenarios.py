"""Scenarios: what is run against which profile of the emulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

JUDGE: Final = "anthropic:claude-haiku-4-5"

# What takes minutes in use takes seconds here.
QUICKLY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "LLM_PROVIDER_SERVICE_QUEUE_RETRY_BASE_SECONDS": "0.1",
        "LLM_PROVIDER_SERVICE_QUEUE_RETRY_MAX_SECONDS": "2",
        "LLM_PROVIDER_SERVICE_CIRCUIT_OPEN_SECONDS": "1",
        "LLM_PROVIDER_SERVICE_BATCH_POLL_FIRST_SECONDS": "0.2",
        "LLM_PROVIDER_SERVICE_BATCH_POLL_MAX_SECONDS": "1",
        "LLM_PROVIDER_SERVICE_SUBMIT_SETTLE_SECONDS": "2",
    }
)
# For vendors that may never answer. With the others a call that is slow by itself is waited for.
IMPATIENTLY: Final[Mapping[str, str]] = MappingProxyType(
    {**QUICKLY, "LLM_PROVIDER_SERVICE_PROVIDER_TIMEOUT_SECONDS": "8"}
)


@dataclass(frozen=True)
class Scenario:
    """A batch and the vendor that judges it.

    emulated        profile of the emulator (docs/emulator.md)
    students        so many of the samples' students
    anchors         so many of the samples' anchors, the weakest first
    graded          whether the anchors are given as such; else they are students too
    comparisons     cap of the batch
    all_pairs       whether every pair is to be judged
    first_share     share of winners that the profile names first; None: the judge reads the texts
    faultless       whether the profile never fails
    speed           of the emulator's clock
    """

    emulated: str
    mode: str = "serial_bundle"
    students: int = 15
    anchors: int = 9
    graded: bool = True
    comparisons: int = 96
    all_pairs: bool = False
    first_share: float | None = None
    faultless: bool = True
    speed: float = 1.0
    settings: Mapping[str, str] = field(default_factory=lambda: QUICKLY)

    @property
    def essays(self) -> int:
        return self.students + self.anchors


# `regular` is the batch of 24 essays of the source documents.
SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        "regular": Scenario("clean"),
        "per-request": Scenario("clean", "per_request", comparisons=48),
        "small-net": Scenario("instant", students=4, anchors=0, all_pairs=True),
        "generic": Scenario("cj_generic_batch", first_share=1.0),
        "eng5-anchor": Scenario(
            "eng5_anchor",
            students=3,
            graded=False,
            all_pairs=True,
            first_share=35 / 66,
        ),
        "eng5-lower5": Scenario(
            "eng5_lower5", students=0, anchors=5, graded=False, all_pairs=True, first_share=0.4
        ),
        "batch-api": Scenario("batch_api", "provider_batch_api", speed=300),
        "batch-flaky": Scenario(
            "batch_flaky", "provider_batch_api", faultless=False, speed=300, settings=IMPATIENTLY
        ),
        "flaky": Scenario("flaky", "per_request", faultless=False, settings=IMPATIENTLY),
        "hostile": Scenario("hostile", "per_request", faultless=False, settings=IMPATIENTLY),
        "overloaded": Scenario(
            "overloaded", "per_request", faultless=False, speed=10, settings=IMPATIENTLY
        ),
        # In one wave, which is more than the vendor takes in a minute.
        "rate-limited": Scenario(
            "rate_limited",
            "per_request",
            faultless=False,
            speed=4,
            settings={
                **IMPATIENTLY,
                "CJ_ASSESSMENT_SERVICE_COMPARISONS_PER_STABILITY_CHECK_ITERATION": "96",
            },
        ),
    }
)
