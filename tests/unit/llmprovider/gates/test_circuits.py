"""Circuits: closed, open, half-open with one probe."""

from datetime import timedelta

from llmprovider.gates.circuits import (
    CLOSED,
    LONGEST_PERIOD_SECONDS,
    Circuit,
    Stage,
    after_failure,
    stage,
    with_probe,
    without_probe,
)
from tests.unit.llmprovider.gates.streams import at

LEASE = timedelta(seconds=600)


def failed(circuit: Circuit, second: float, grant: int | None = None, refused: bool = False):
    return after_failure(
        circuit, at(second), grant=grant, threshold=5, first_period=10.0, refused=refused
    )


def opened(second: float = 0) -> Circuit:
    circuit = CLOSED
    for _ in range(5):
        circuit = failed(circuit, second)
    return circuit


def test_it_opens_at_the_threshold_and_not_before():
    """T24"""
    circuit = CLOSED
    for number in range(4):
        circuit = failed(circuit, number)
        assert stage(circuit, at(number), LEASE) is Stage.CLOSED
    circuit = failed(circuit, 4)
    assert stage(circuit, at(4), LEASE) is Stage.OPEN
    assert circuit.opened_at == at(4)
    assert stage(circuit, at(13.9), LEASE) is Stage.OPEN
    assert stage(circuit, at(14), LEASE) is Stage.HALF_OPEN


def test_a_refusal_opens_it_at_once():
    """T23"""
    assert stage(failed(CLOSED, 0, refused=True), at(1), LEASE) is Stage.OPEN


def test_one_probe_and_nobody_beside_it():
    """T24"""
    probing = with_probe(opened(), 7, at(11))
    assert stage(probing, at(12), LEASE) is Stage.PROBING
    assert stage(without_probe(probing), at(12), LEASE) is Stage.HALF_OPEN


def test_a_probe_whose_worker_died_is_given_up_with_its_lease():
    probing = with_probe(opened(), 7, at(11))
    assert stage(probing, at(11) + LEASE, LEASE) is Stage.HALF_OPEN


def test_a_failed_probe_doubles_the_period_up_to_a_bound():
    """T24"""
    circuit, second, periods = opened(), 0.0, []
    for grant in range(6):
        second += circuit.period
        circuit = failed(with_probe(circuit, grant, at(second)), second, grant)
        periods.append(circuit.period)
        assert stage(circuit, at(second + circuit.period - 1), LEASE) is Stage.OPEN
    assert periods == [20, 40, 80, LONGEST_PERIOD_SECONDS, LONGEST_PERIOD_SECONDS, 120]
    assert circuit.opened_at == at(0)


def test_after_a_refusal_the_period_does_not_double():
    """What mends a refusal is a person, who then does not want to wait."""
    circuit = failed(CLOSED, 0, refused=True)
    circuit = failed(with_probe(circuit, 1, at(10)), 10, 1, refused=True)
    assert circuit.period == 10.0


def test_what_was_sent_before_it_opened_neither_prolongs_it_nor_ends_the_probe():
    late = failed(opened(), 9)
    assert late.open_until == at(10)
    probing = with_probe(late, 7, at(11))
    assert stage(failed(probing, 12, 6), at(12), LEASE) is Stage.PROBING


def test_an_outage_that_nobody_looked_at_for_long_begins_anew():
    long_ago = opened()
    again = with_probe(long_ago, 7, at(86_400))
    assert again.opened_at == at(86_400)
    soon = with_probe(long_ago, 7, at(60))
    assert soon.opened_at == at(0)
