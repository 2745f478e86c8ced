"""Every fault once, several to a run; `make chaos` plays each by itself, with many seeds."""

from collections.abc import Iterator

import pytest

from tests.chaos.faults import ALL, NIGHTS, Fault
from tests.chaos.invariants import Fingerprint
from tests.chaos.scenarios import World, play

pytestmark = [pytest.mark.servers, pytest.mark.timeout(1800)]

SEED = 1


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("chaos")) as one:
        yield one


@pytest.fixture(scope="session")
def right() -> dict[int, Fingerprint]:
    """Judgements and scores of the first run, which every other must have too."""
    return {}


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: night.name)
def test_nothing_is_lost_and_nothing_counted_twice(
    night: Fault, world: World, right: dict[int, Fingerprint]
) -> None:
    """T1..T6, T35, T36, issue 7: 300 comparisons, each scored once, and one event at the end."""
    (stack,) = night.stacks
    verdict = play(world, stack, night, SEED)
    assert not verdict.wrong, "\n".join(verdict.wrong)
    assert verdict.fingerprint == right.setdefault(SEED, verdict.fingerprint)


def test_no_fault_is_left_out() -> None:
    """The minute's outage and the undisturbed run are in the matrix alone."""
    met = {name for night in NIGHTS for name in night.names}
    assert met == set(ALL) - {"none", "provider-away-60s"}
