"""Mock judges are named by what they are, so that every process finds the same one."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from llmprovider.models import MockJudge
from llmprovider.providers.mock_judges import DEFAULT_MODEL, define_mock_judge

A, B = (hashlib.sha256(text).hexdigest() for text in (b"a", b"b"))


@pytest.mark.django_db
def test_it_has_a_plain_name_for_the_standard_judge():
    assert define_mock_judge() == DEFAULT_MODEL == "latent-quality"
    assert define_mock_judge(seed=0, slope=4, position_bias=-0.0) == DEFAULT_MODEL
    assert MockJudge.objects.count() == 1


@pytest.mark.django_db
def test_it_names_equal_judges_alike_and_different_ones_apart():
    truth = {A: 1.0, B: 2.5}
    names = [
        define_mock_judge(seed=1),
        define_mock_judge(slope=3.5),
        define_mock_judge(position_bias=0.2),
        define_mock_judge(truth=truth),
        define_mock_judge(truth={A: 1.0, B: 2.0}),
    ]
    assert len({*names, DEFAULT_MODEL}) == 6
    assert all(name.startswith("latent-quality-") and len(name) == 23 for name in names)
    assert define_mock_judge(truth={B: 2.5, A: 1}) == names[3]
    assert MockJudge.objects.count() == 5
    assert MockJudge.objects.get(pk=names[3]).truth == truth


@pytest.mark.django_db(transaction=True)
def test_it_is_stored_once_when_two_processes_define_it_at_once():
    def define(_):
        try:
            return define_mock_judge(seed=7, truth={A: 1.0})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        names = set(threads.map(define, range(8)))
    assert len(names) == 1
    assert MockJudge.objects.filter(pk__in=names).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parameters",
    [
        {"slope": float("nan")},
        {"position_bias": float("inf")},
        {"truth": {}},
        {"truth": {"student_001.txt": 3.0}},
        {"truth": {A: float("nan")}},
    ],
)
def test_it_refuses_parameters_that_cannot_be_meant(parameters):
    with pytest.raises(ValueError, match="the "):
        define_mock_judge(**parameters)
    assert not MockJudge.objects.exists()
