"""Each kind of damage is named by its check, and put right where that can be done."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from cjproject.checkups import CHECKS, check_up, repair
from llmprovider.contracts.findings import Severity
from tests.integration.doctor.damages import DAMAGES

KINDS = {check.code: check for check in CHECKS}
# What a repair puts right beside what it is for, and what it cannot put right.
ALSO_MENDED = {"submitted_in_ended_job": {"job_call_open"}}
NOT_MENDED = {"beyond_budget": {"counters_wrong"}}


def codes() -> set[str]:
    return {finding.code for finding in check_up().findings}


def test_every_check_has_its_damage():
    assert set(DAMAGES) == set(KINDS)
    assert len(KINDS) == len(CHECKS)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block does to the database is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.parametrize("world", dict.fromkeys(one.world for one in DAMAGES.values()))
def test_it_is_found_and_repaired_once_or_said_to_be_beyond_repair(world):
    """P-02, P-20, P-23, P-63, T36: no two rows disagree unnoticed. A repair may run again."""
    world()
    assert codes() == set()
    for code, damage in DAMAGES.items():
        if damage.world is world:
            with undone():
                damage.plant()
                found_and_mended(code)


def found_and_mended(code: str) -> None:
    first = check_up()
    assert {one.code for one in first.findings} == {code} | DAMAGES[code].also, code
    assert first.clean == all(one.severity is Severity.NOTICE for one in first.findings)
    if not any(one.severity is Severity.REPAIRABLE for one in first.findings):
        return
    repair(first)
    stays = {one.code for one in first.findings if one.severity is not Severity.REPAIRABLE}
    stays = stays - ALSO_MENDED.get(code, set()) | NOT_MENDED.get(code, set())
    assert codes() == stays, code
    repair(first)
    assert codes() == stays, code
