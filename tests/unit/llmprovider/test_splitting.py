"""Splitting requests into jobs: within both limits, in order, and into few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmprovider.jobs.splitting import split


def sizes_of(jobs: list[range]) -> list[int]:
    return [len(job) for job in jobs]


def test_what_fits_is_one_job():
    """T22"""
    assert sizes_of(split([100] * 50, most_requests=50, most_bytes=10_000)) == [50]


def test_it_splits_at_the_number_of_requests():
    """T22: as many as are allowed, not 95 % of them: they are counted, not estimated."""
    assert sizes_of(split([1] * 100_001, most_requests=100_000, most_bytes=10**9)) == [100_000, 1]


def test_it_splits_at_95_percent_of_the_bytes():
    """T22"""
    assert sizes_of(split([10] * 20, most_requests=50, most_bytes=100)) == [9, 9, 2]


def test_a_request_larger_than_a_job_goes_alone():
    assert sizes_of(split([10, 500, 10], most_requests=50, most_bytes=100)) == [1, 1, 1]


def test_nothing_makes_no_job():
    assert split([], most_requests=1, most_bytes=1) == []


def test_a_job_that_could_hold_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        split([1], most_requests=0, most_bytes=10)


@given(st.lists(st.integers(1, 120), max_size=60), st.integers(1, 20), st.integers(1, 200))
def test_every_request_is_in_one_job_and_no_job_is_too_large(sizes, most_requests, most_bytes):
    jobs = split(sizes, most_requests=most_requests, most_bytes=most_bytes)
    assert [at for job in jobs for at in job] == list(range(len(sizes)))
    room = int(most_bytes * 0.95)
    for job in jobs:
        assert 1 <= len(job) <= most_requests
        assert len(job) == 1 or sum(sizes[at] for at in job) <= room
    # None could take the next job's first request as well.
    for job, following in zip(jobs, jobs[1:], strict=False):
        full = len(job) == most_requests
        assert full or sum(sizes[at] for at in job) + sizes[following[0]] > room
