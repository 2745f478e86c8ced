"""A run whose process is killed at any moment ends, continued, as if nothing had happened."""

from signal import SIGKILL

import pytest

from tests.integration.eng5.conftest import LongRun
from tests.integration.eng5.runner import assert_as_undisturbed, eng5, paced, read_run, start


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param([17], id="in the second wave"),
        pytest.param([0, 5, 40], id="before the first call, soon after, and near the end"),
    ],
)
def test_it_ends_as_an_undisturbed_run(
    moments: list[int], long_run: LongRun, data_dir, tmp_path
) -> None:
    """T2, T6: leases and messages that died with the process are taken over from the rows.

    One command line serves for a job that is started again until it ends.
    """
    output = tmp_path / "run"
    command = ["execute", *long_run.options, "--resume", "--output", output]
    for calls in moments:
        killed = start(data_dir, *command, **paced(max(30, calls + 5)))
        ended = killed.stop_when(
            lambda run=killed, at=calls: (output / "run.json").exists() and run.calls() >= at,
            SIGKILL,
        )
        assert ended.code == -SIGKILL
    eng5(data_dir, "resume", output, **paced(1_000)).succeeded()
    assert_as_undisturbed(read_run(output), long_run.undisturbed)
