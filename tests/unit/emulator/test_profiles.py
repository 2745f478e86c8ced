"""Profiles: what the document says of them, and how their numbers become faults and waits."""

import pytest

from llmprovider.emulator.faults import DOORS, Fault
from llmprovider.emulator.job_faults import JobFault, LineFault
from llmprovider.emulator.profile_tables import profile_table
from llmprovider.emulator.profiles import PROFILES, JobPace, Latency, Profile
from tests.conftest import PROJECT

ASKED_FOR = "clean cj_generic_batch eng5_anchor eng5_lower5 flaky rate_limited overloaded hostile "
ASKED_FOR += "batch_api batch_flaky"


def test_the_document_shows_the_numbers_in_force():
    """Mend with: manage.py provider_emulator --profiles."""
    assert profile_table(PROFILES.values()) in (PROJECT / "docs" / "emulator.md").read_text()


def test_the_profiles_asked_for_are_there():
    assert set(ASKED_FOR.split()) <= set(PROFILES)


def test_the_document_explains_every_fault():
    document = (PROJECT / "docs" / "emulator.md").read_text()
    assert [fault for fault in Fault if f"`{fault}`" not in document] == []


def test_the_document_explains_every_fault_of_a_job():
    document = (PROJECT / "docs" / "emulator.md").read_text()
    faults = [*JobFault, *LineFault]
    assert [fault for fault in faults if f"| `{fault}` |" not in document] == []


def test_the_document_names_every_door():
    document = (PROJECT / "docs" / "emulator.md").read_text()
    assert [door for door in DOORS if f"`{door}`" not in document] == []


def test_shares_of_more_than_all_jobs_are_a_mistake():
    with pytest.raises(ValueError, match="more than 1"):
        JobPace(line_faults={LineFault.LOST_LINE: 0.6, LineFault.NO_OUTPUT: 0.6})


def test_the_flaky_batches_have_every_fault_of_a_request():
    assert set(PROFILES["batch_flaky"].jobs.line_faults) == set(LineFault)


@pytest.mark.parametrize(
    ("drawn", "fault"),
    [(0.0, Fault.RESET), (0.09, Fault.RESET), (0.11, Fault.TIE), (0.29, Fault.TIE), (0.31, None)],
)
def test_shares_lie_one_after_the_other(drawn, fault):
    profile = Profile("x", "x", faults={Fault.RESET: 0.1, Fault.TIE: 0.2})
    assert profile.fault_for(drawn) == fault


def test_shares_of_more_than_all_calls_are_a_mistake():
    with pytest.raises(ValueError, match="more than 1"):
        Profile("x", "x", faults={Fault.RESET: 0.6, Fault.TIE: 0.6})


def test_waiting_grows_with_items_and_tokens():
    assert Latency(1, 2, 0.5, 100).seconds(0.25, items=4, output_tokens=300) == 1 + 0.5 + 2 + 3
    assert Latency().seconds(0.9, 64, 10_000) == 0


def test_the_runs_of_the_earlier_system_never_fail():
    for name in ("cj_generic_batch", "eng5_anchor", "eng5_lower5"):
        profile = PROFILES[name]
        assert not profile.faults and not profile.bursts.length
        assert set(vars(profile.limits).values()) == {None}
