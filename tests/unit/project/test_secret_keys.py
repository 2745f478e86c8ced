"""The secret key of a data folder is made once, whole, however many processes start at once."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

PRINT_KEY = (
    "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'cjproject.settings';"
    "from django.conf import settings; print(settings.SECRET_KEY)"
)


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    environment = {**os.environ, "CJ_DATA_DIR": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    environment.pop("DJANGO_SECRET_KEY", None)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_KEY], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    keys = {process.communicate(timeout=240)[0].strip() for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
