"""One time for all processes, which setting a machine's clock does not change."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from assessment.models import Batch
from cjproject.clocks import CLOCK, SteadyClock
from llmprovider.models import Bundle

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Machine:
    """`wall` is what its clock shows, `elapsed` how long it has been on."""

    def __init__(self) -> None:
        self.wall, self.elapsed = NOON, 100.0

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.elapsed)


def test_it_goes_on_when_the_machines_clock_is_set() -> None:
    """Issue 7: clock jumps."""
    machine = Machine()
    clock = machine.clock()
    assert clock.now() == NOON
    machine.elapsed += 60
    machine.wall -= timedelta(hours=1)
    assert clock.now() == NOON + timedelta(minutes=1)


def test_machines_whose_clocks_differ_agree_once_the_server_was_asked() -> None:
    machine = Machine()
    machine.wall += timedelta(minutes=20)
    clock = machine.clock()
    clock.set(NOON)
    machine.elapsed += 2.5
    assert clock.now() == NOON + timedelta(seconds=2.5)


def test_it_is_the_clock_of_django_and_of_the_models() -> None:
    CLOCK.set(NOON)
    try:
        assert timedelta(0) <= timezone.now() - NOON < timedelta(minutes=1)
    finally:
        CLOCK.set(datetime.now(UTC))
    for model, field in ((Batch, "last_activity_at"), (Bundle, "not_before")):
        assert model._meta.get_field(field).default is timezone.now


def test_migrations_keep_naming_it_as_django_does() -> None:
    assert f"{timezone.now.__module__}.{timezone.now.__qualname__}" == "django.utils.timezone.now"
