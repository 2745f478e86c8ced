"""Whose turn it is, from who waits since when."""

from datetime import UTC, datetime, timedelta

from llmprovider.queueing.lines import Line, in_turn

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def line(batch: str, *, due: float, turn: float | None = None, priority: int = 5, model="m"):
    """`due` and `turn` are seconds ago."""
    last = None if turn is None else NOW - timedelta(seconds=turn)
    return Line(batch, "mock", model, priority, NOW - timedelta(seconds=due), last)


def first(*lines: Line) -> str:
    return in_turn(lines, NOW)[0].batch_key


def test_the_batch_that_was_served_longest_ago_is_next():
    """T9"""
    assert first(line("a", due=100, turn=1), line("b", due=100, turn=2)) == "b"


def test_a_batch_that_came_late_takes_turns_from_its_arrival():
    """T9: an old batch owes it nothing, and it owes the old batch nothing."""
    assert first(line("old", due=9_000, turn=3), line("new", due=4)) == "new"
    assert first(line("old", due=9_000, turn=3), line("new", due=2)) == "old"


def test_a_more_urgent_priority_goes_first():
    assert first(line("a", due=50, priority=5), line("b", due=1, priority=4)) == "b"


def test_who_waits_a_minute_longer_makes_up_for_one_step_of_priority():
    """T17"""
    assert first(line("a", due=62, priority=5), line("b", due=1, priority=4)) == "a"


def test_no_line_of_a_batch_waits_for_ever_behind_its_others():
    """T17: 9 minutes make up for the largest difference."""
    urgent = line("a", due=1, turn=1, priority=0, model="x")
    for waited, model in ((530, "x"), (545, "y")):
        patient = line("a", due=waited, turn=1, priority=9, model="y")
        assert in_turn([urgent, patient], NOW)[0].model == model


def test_turns_of_equal_batches_alternate():
    """T9: over any stretch their numbers differ by one at most."""
    last: dict[str, float | None] = {"a": None, "b": None, "c": None}
    served = []
    for step in range(30):
        lines = [
            Line(
                batch,
                "mock",
                "m",
                5,
                NOW,
                None if turn is None else NOW + timedelta(seconds=turn),
            )
            for batch, turn in last.items()
        ]
        chosen = in_turn(lines, NOW + timedelta(seconds=step + 1))[0].batch_key
        last[chosen] = step + 1
        served.append(chosen)
        counts = [served.count(batch) for batch in last]
        assert max(counts) - min(counts) <= 1
