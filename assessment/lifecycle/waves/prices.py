"""What a planned wave would cost, before a row of it is stored."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from assessment.dealing import deal
from assessment.lifecycle.waves.requests import Asking, Setting, comparison_requests
from assessment.pairing.means import Price
from assessment.pairing.waves import NO_BLOCK, WavePlan
from llmprovider.contracts import Document, bills
from llmprovider.contracts.bills import Estimate

# Rendering a comparison to count its tokens takes a millisecond or two; so many are a sample whose
# mean cost is within one or two per cent of that of all.
MOST_PRICED = 500


@dataclass(frozen=True)
class Pricing:
    """The price of a plan for wave `number` of a batch; `documents` by the essays' positions."""

    documents: Sequence[Document]
    setting: Setting
    seed: int
    number: int

    def __call__(self, plan: WavePlan) -> Price | None:
        """USD; None where no price is known. Of many comparisons some are priced, for all."""
        judges = len(self.setting.judges)
        askings = wave_askings(plan, self.documents, judges, seed=self.seed, number=self.number)
        some = sample(askings, seed=self.seed, number=self.number)
        estimate = bills.estimate(comparison_requests(some, self.setting))
        likely, at_most = likely_usd(estimate), estimate.costs.at_most
        if likely is None or at_most is None:
            return None
        share = Decimal(len(some)) / len(askings) if askings else Decimal(1)
        return Price(likely / share, at_most / share)


def sample(askings: Sequence[Asking], *, seed: int, number: int) -> list[Asking]:
    """About MOST_PRICED of them at the most, in their order, and of a block all or none.

    At random, since judges and lengths of texts may come in turns.
    """
    if len(askings) <= MOST_PRICED:
        return list(askings)
    blocks = [asking.group or f"alone {at}" for at, asking in enumerate(askings)]
    sizes = Counter(blocks)
    names = list(sizes)
    chosen, taken = set(), 0
    for at in np.random.default_rng([seed, number]).permutation(len(names)):
        if taken >= MOST_PRICED:
            break
        chosen.add(names[at])
        taken += sizes[names[at]]
    return [asking for asking, block in zip(askings, blocks, strict=True) if block in chosen]


def likely_usd(estimate: Estimate) -> Decimal | None:
    """USD as it is likely to be billed: that of the batch jobs where all goes by job."""
    costs = estimate.costs
    return costs.batch if estimate.jobs and costs.batch is not None else costs.likely


def wave_askings(
    plan: WavePlan, documents: Sequence[Document], judges: int, *, seed: int, number: int
) -> list[Asking]:
    """The comparisons of wave `number`, dealt to so many judges as a launch deals them."""
    groups = plan.groups.tolist()
    dealt = deal(groups, judges, seed=seed, wave=number)
    return [
        Asking(
            first=documents[first],
            second=documents[second],
            judge=judge,
            group=str(group) if group != NO_BLOCK else None,
        )
        for (first, second), group, judge in zip(plan.pairs.tolist(), groups, dealt, strict=True)
    ]
