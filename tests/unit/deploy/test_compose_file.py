"""docker-compose.yml: the production stack, by the specification and by this project's rules."""

import json
import re
from importlib.resources import files

import pytest
import yaml
from jsonschema.validators import validator_for

from cjproject import settings
from deploy import native
from deploy.compose_files import COMPLETED, filled, required
from deploy.compose_files import service as read_service
from deploy.variables import made_up
from llmprovider.conf import ProviderSettings
from tests.conftest import PROJECT
from tests.unit.deploy.compose import DOCUMENT, OURS, SERVICES, TEXT, WORKERS

SECRETS = {
    "POSTGRES_PASSWORD",
    "DJANGO_SECRET_KEY",
    "DJANGO_ALLOWED_HOSTS",
    "METRICS_TOKEN",
    "GRAFANA_PASSWORD",
}
GIVEN = made_up({})


def test_it_is_what_the_compose_specification_allows():
    """Issue 8, item 4; the schema is the specification's own, as check-jsonschema brings it."""
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text())
    specification = validator_for(schema)(schema)
    specification.validate(DOCUMENT)
    for mistake in ({"comand": "x"}, {"restart": 3}, {"depends_on": {"web": {"condition": "up"}}}):
        assert not specification.is_valid({"services": {"web": mistake}})


def test_it_has_every_kind_of_process():
    assert set(SERVICES) == {*OURS, "postgres", "redis", "prometheus", "grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_comes_back_says_how_it_is_and_keeps_short_logs(name):
    service = SERVICES[name]
    once = name == "migrate"
    assert service["restart"] == ("on-failure:3" if once else "unless-stopped")
    check = service["healthcheck"]
    assert check["disable"] if once else check["test"] and check["retries"] and check["timeout"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_change_nothing_and_need_no_rights(name):
    service = SERVICES[name]
    assert service["read_only"] is True and service["tmpfs"] and service["init"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "volumes" not in service and "privileged" not in service


@pytest.mark.parametrize("name", [one for one in OURS if one != "migrate"])
def test_nothing_starts_before_the_tables_are_up_to_date(name):
    before = SERVICES[name]["depends_on"]
    assert before["migrate"]["condition"] == COMPLETED
    assert {before[server]["condition"] for server in ("postgres", "redis")} == {"service_healthy"}


@pytest.mark.parametrize("name", WORKERS)
def test_workers_can_be_scaled(name):
    """By .env, so that the next `up` keeps them: nothing of a container may be there only once."""
    service = SERVICES[name]
    assert not {"container_name", "ports", "hostname"} & set(service)
    variable = f"{name.replace('-', '_').upper()}S"
    assert read_service(name, service, {**GIVEN, variable: "3"}).replicas == 3
    assert read_service(name, service, GIVEN).replicas == 1
    assert any(word.endswith("@%h") for word in service["command"])
    assert name in native.PORTS


def test_ports_are_open_to_this_machine_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_every_secret_comes_from_the_environment_and_must_be_there():
    assert required(TEXT) == SECRETS
    with pytest.raises(ValueError, match="METRICS_TOKEN"):
        filled(SERVICES["web"]["environment"]["METRICS_TOKEN"], {})
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|_KEY$", name):
                assert value is None or str(value).startswith("${")


def test_keys_of_providers_reach_only_those_that_use_them():
    knowing = {
        name
        for name, service in SERVICES.items()
        if "ANTHROPIC_API_KEY" in service.get("environment", {})
    }
    assert knowing == {"web", *WORKERS}


def test_a_worker_has_the_time_to_end_its_longest_call():
    longest = ProviderSettings().PROVIDER_TIMEOUT_SECONDS
    assert SERVICES["judge-worker"]["stop_grace_period"] == "10m"
    assert longest < 600


def test_threads_and_their_shares_fit_each_other():
    """PROVIDER_WORKERS counts the calls of all judge-workers; there is one by default."""
    (threads,) = [
        word.removeprefix("--concurrency=")
        for word in SERVICES["judge-worker"]["command"]
        if word.startswith("--concurrency=")
    ]
    share = SERVICES["judge-worker"]["environment"]["LLM_PROVIDER_SERVICE_PROVIDER_WORKERS"]
    assert filled(share, {}) == threads


def test_every_queue_has_a_worker():
    served = {
        queue
        for name in WORKERS
        for word in SERVICES[name]["command"]
        if word.startswith("--queues=")
        for queue in word.removeprefix("--queues=").split(",")
    }
    assert served == {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}


def test_prometheus_scrapes_each_process_by_the_name_of_its_service():
    document = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    jobs = {one["job_name"]: one for one in document["scrape_configs"]}
    assert set(jobs) == set(OURS) - {"migrate"}
    assert jobs.pop("web")["static_configs"] == [{"targets": ["web:8000"]}]
    for name, job in jobs.items():
        (found,) = job["dns_sd_configs"]
        assert found["names"] == [name] and found["type"] == "A"
        assert str(found["port"]) == SERVICES[name]["environment"]["METRICS_PORT"]


def test_its_volumes_are_declared_and_what_it_mounts_is_there():
    named = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (PROJECT / source).is_dir() and volume.endswith(":ro")
            else:
                named.add(source)
    assert named == set(DOCUMENT["volumes"])
