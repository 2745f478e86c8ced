"""What the native stack reads from the compose file is what compose would make of it."""

import socket
from pathlib import Path

import pytest
from django.core.checks.security.base import check_secret_key

from deploy import compose_files, native
from deploy.compose_files import MissingVariable, filled, in_order, once, required, service
from deploy.native import free_port
from deploy.processes import StackFailed
from deploy.variables import made_up, settings_file
from tests.unit.deploy.compose import SERVICES, TEXT


@pytest.mark.parametrize(
    ("written", "variables", "value"),
    [
        ("plain", {}, "plain"),
        ("${A}/${B}", {"A": "1", "B": "2"}, "1/2"),
        ("${A}", {}, ""),
        ("${A:-usual}", {}, "usual"),
        ("${A:-usual}", {"A": ""}, "usual"),
        ("${A:-usual}", {"A": "own"}, "own"),
        ("x${A:?what it is}y", {"A": "own"}, "xowny"),
    ],
)
def test_variables_are_filled_in_as_compose_does(written, variables, value):
    assert filled(written, variables) == value


@pytest.mark.parametrize("variables", [{}, {"A": ""}])
def test_a_variable_that_must_be_set_is_asked_for_by_name(variables):
    with pytest.raises(MissingVariable, match="set A: what it is"):
        filled("${A:?what it is}", variables)


def test_a_variable_without_value_is_passed_on_where_it_is_set():
    one = service("web", {"environment": {"KEY": None, "OTHER": None}}, {"KEY": "secret"})
    assert one.environment == {"KEY": "secret"}


def test_comments_demand_nothing():
    assert required("# ${A:?no}\nb: ${B:?yes}\n") == {"B"}


def test_each_service_comes_after_those_it_depends_on():
    variables = made_up({})
    services = {
        name: service(name, written, variables)
        for name, written in reversed(list(SERVICES.items()))
    }
    names = [one.name for one in in_order(services)]
    assert sorted(names) == sorted(SERVICES)
    for name, one in services.items():
        assert all(names.index(other) < names.index(name) for other in one.depends_on)
    assert once(services) == {"migrate"}


def test_made_up_secrets_differ_and_given_ones_are_kept():
    first, second = made_up({"METRICS_TOKEN": "given", "POSTGRES_PASSWORD": ""}), made_up({})
    assert first["METRICS_TOKEN"] == "given" and len(first["POSTGRES_PASSWORD"]) == 64
    assert first["DJANGO_SECRET_KEY"] != second["DJANGO_SECRET_KEY"]
    assert required(TEXT) <= set(first)


def test_a_made_up_secret_key_is_one_that_django_takes_for_strong(settings):
    settings.SECRET_KEY = made_up({})["DJANGO_SECRET_KEY"]
    assert check_secret_key(None) == []


def test_a_published_port_tells_which_variable_sets_it():
    web = service("web", SERVICES["web"], made_up({"WEB_PORT": "8123"}))
    assert (web.published, web.published_by) == ((8123, 8000), "WEB_PORT")
    assert service("beat", SERVICES["beat"], made_up({})).published_by == ""


def test_a_port_that_is_taken_is_told_with_the_variable_that_sets_another():
    port = free_port()  # held for this process, so that nobody else takes it below
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(StackFailed, match=f"{port} .*in use.* Set WEB_PORT"):
            native.require_free(port, "WEB_PORT")
    native.require_free(port, "WEB_PORT")


SERVERS = {"postgres": 41000, "redis": 42000}


def local(value, name="worker", number=1, tmp="/tmp/x"):  # noqa: S108
    return native.localised(value, 43000, SERVERS, Path(tmp), number)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("postgres://u:${P}@postgres:5432/essays", "postgres://u:${P}@127.0.0.1:41000/essays"),
        ("redis://redis:6379/0", "redis://127.0.0.1:42000/0"),
        ("0.0.0.0:8000", "127.0.0.1:43000"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104
        ("http://127.0.0.1:9101/metrics", "http://127.0.0.1:43000/metrics"),
        ("9101", "43000"),
        ("judge@%h", "judge@%h"),
        ("--concurrency=16", "--concurrency=16"),
        ("max_connections=200", "max_connections=200"),
        ("--storage.tsdb.path=/prometheus", "--storage.tsdb.path=/tmp/x/store"),
        ("1.9101", "1.9101"),
        ("a9101", "a9101"),
    ],
)
def test_addresses_become_those_of_this_machine(written, value):
    assert local(written) == value


def test_values_of_any_depth_are_localised_and_no_secret_is_rewritten():
    written = {"environment": {"T": "${METRICS_TOKEN:?x}", "PORT": "9101", "N": None}}
    found = service("worker", local(written), {"METRICS_TOKEN": "9101"})
    assert found.environment == {"T": "9101", "PORT": "43000"}


def test_the_second_process_of_a_service_has_a_name_of_its_own():
    assert local("--hostname=worker@%h", number=2) == "--hostname=worker-2@%h"


def test_settings_are_read_as_compose_reads_an_env_file(tmp_path):
    path = tmp_path / "settings.env"
    path.write_text('# why\nA=1\n\nB="two words"\nC={"a": 1}\n')
    assert settings_file(path) == {"A": "1", "B": "two words", "C": '{"a": 1}'}
    assert settings_file(tmp_path / "absent") == {}


def test_its_grace_periods_are_seconds():
    web = compose_files.service("web", {"stop_grace_period": "10m"}, {})
    assert web.grace_seconds == 600
