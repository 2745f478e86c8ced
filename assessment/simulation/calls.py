"""What a round of comparisons sends to the judge: calls, and texts inside them."""

from dataclasses import dataclass

from assessment.modes import LLMBatchingMode
from assessment.pairing.states import IntArray

# Most comparisons of one provider call.
BUNDLE_LIMIT = 64


@dataclass(frozen=True)
class Sent:
    """Provider calls, and texts sent in them, each text once a call."""

    calls: int = 0
    texts: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(self.calls + other.calls, self.texts + other.texts)


def sent(pairs: IntArray, groups: IntArray, mode: LLMBatchingMode) -> Sent:
    """The calls for ordered `pairs` (k, 2) of blocks `groups` (k,), -1 for single pairs.

    In `serial_bundle` a block has a call of its own and single pairs share calls of 64; in the
    other modes every comparison is a request with two texts.
    """
    if mode is not LLMBatchingMode.SERIAL_BUNDLE:
        return Sent(len(pairs), 2 * len(pairs))
    bundles: dict[tuple[int, int], set[int]] = {}
    filled: dict[int, int] = {}
    for (first, second), group in zip(pairs.tolist(), groups.tolist(), strict=True):
        filled[group] = filled.get(group, 0) + 1
        bundle = bundles.setdefault((group, (filled[group] - 1) // BUNDLE_LIMIT), set())
        bundle |= {first, second}
    return Sent(len(bundles), sum(map(len, bundles.values())))
