"""Fixtures shared by all tests: the owner's data, and a real worker where one is needed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings
from kombu.transport.memory import Channel

from assessment import conf as assessment_conf
from llmprovider import conf as provider_conf

PROJECT = Path(__file__).resolve().parent.parent
SHARED = PROJECT.parent / "shared"

# Made-up examples: the same in every run, kept in no file that other processes write, and a moment
# in which the machine does something else is no failure.
hypothesis_settings.load_profile("ci")


@pytest.hookimpl(optionalhook=True)  # for runs without xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For `-n auto`: one more than processors, as many tests wait for commands they have begun."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def shared() -> Path:
    """The owner's data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For each process of the tests: what another writes is not there to be found."""
    settings.DATA_DIR = tmp_path_factory.mktemp("data")


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    """Settings are read once per process; a test that sets the environment gets its own."""
    _forget_settings()
    yield
    _forget_settings()


def _forget_settings() -> None:
    assessment_conf.get_settings.cache_clear()
    provider_conf.get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _no_messages_of_other_tests() -> None:
    """The embedded broker lasts as long as the process: workers would find what nobody took."""
    for queue in list(Channel.queues.values()):
        with queue.mutex:
            queue.queue.clear()


@pytest.fixture
def stack(transactional_db: None) -> Iterator[None]:
    """The embedded stack on the test database: a real broker, worker threads and beat."""
    from cjproject.embedded import EmbeddedStack

    with EmbeddedStack():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI everything that a test needs is there, so a skip hides something."""
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("FORBID_SKIPS") and skipped:
        terminalreporter.write_line(f"{len(skipped)} tests were skipped, and none may be", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FORBID_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
