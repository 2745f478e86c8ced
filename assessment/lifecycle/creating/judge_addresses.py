"""Judges that are asked elsewhere than at their vendor's: forgotten, such a run looks like any."""

from collections.abc import Iterable, Sequence

from assessment.lifecycle.creating.specs import JudgeSpec
from llmprovider.contracts import judging
from llmprovider.contracts.judging import JudgeAddress


def addresses_of(providers: Iterable[str]) -> list[JudgeAddress]:
    """By provider, where this process's environment gives it an address."""
    found = map(judging.address_of, sorted(set(providers)))
    return [one for one in found if one is not None]


def address_record(judges: Sequence[JudgeSpec]) -> dict[str, dict[str, str]]:
    """For the record of a run; empty where there is none."""
    found = {one.provider: one.place for one in addresses_of(judge.provider for judge in judges)}
    return {"judge_addresses": found} if found else {}


def address_warnings(judges: Sequence[JudgeSpec]) -> list[dict[str, str]]:
    """A warning for all vendors' names under which somebody else is asked."""
    told = [
        f"{one.provider} is asked at {one.place}, not at the vendor's own address "
        f"({one.variable} is set)"
        for one in addresses_of(judge.provider for judge in judges)
        if one.instead_of_vendor
    ]
    if not told:
        return []
    words = "; ".join(told)
    message = f"{words}. Who answers there, and what it costs, may differ from what is shown."
    return [{"code": "other_address", "message": message}]
