"""What one lane may take of the workers."""

import pytest

from llmprovider.queueing.shares import may_take_one


def filled(workers: int, lanes: int) -> list[int]:
    """Calls per lane once none may take one more, all taking turns."""
    held = [0] * lanes
    while True:
        before = list(held)
        for lane in range(lanes):
            free = workers - sum(held)
            if free and may_take_one(held[lane], free):
                held[lane] += 1
        if held == before:
            return held


@pytest.mark.parametrize(("workers", "alone"), [(1, 1), (2, 1), (3, 2), (8, 4), (16, 8), (17, 9)])
def test_a_lane_alone_takes_half_of_the_workers(workers, alone):
    assert filled(workers, 1) == [alone]


@pytest.mark.parametrize("lanes", range(1, 12))
def test_lanes_that_hang_leave_a_worker_for_the_next(lanes):
    """T9"""
    held = filled(16, lanes)
    assert sum(held) < 16
    assert max(held) - min(held) <= 1


def test_a_lane_without_a_call_always_gets_one():
    assert may_take_one(0, 0)
    assert may_take_one(0, -3)
