"""What the Dockerfile copies is enough, alone in a folder that nobody writes to."""

import os
import secrets
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import dockerfiles, native
from tests.conftest import PROJECT
from tests.unit.deploy.compose import SERVICES

pytestmark = pytest.mark.servers

STEPS = dockerfiles.instructions((PROJECT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's folder, built by the Dockerfile's own COPY and RUN lines."""
    folder = tmp_path_factory.mktemp("image")
    for step in STEPS:
        if step.keyword == "COPY" and not step.words.startswith(("--from", "requirements")):
            *sources, target = shlex.split(step.words)
            for source in sources:
                copied = PROJECT / source
                if copied.is_dir():
                    shutil.copytree(
                        copied, folder / target, ignore=shutil.ignore_patterns("__pycache__")
                    )
                else:
                    (folder / target).mkdir(exist_ok=True)
                    shutil.copy(copied, folder / target)
    (collect,) = [
        step.words for step in STEPS if step.keyword == "RUN" and "collectstatic" in step.words
    ]
    here = collect.replace("/tmp/build", str(folder.parent / "build"))  # noqa: S108
    run_in(folder, ["sh", "-ec", here], {})
    return folder


def run_in(folder: Path, command: list[str], more: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def production(data: Path) -> dict[str, str]:
    image = dockerfiles.environment((PROJECT / "Dockerfile").read_text())
    data_folder = image["CJ_DATA_DIR"].replace(native.IMAGE_DATA, str(data))
    return {
        "CJ_DATA_DIR": data_folder,
        "PYTHONDONTWRITEBYTECODE": image["PYTHONDONTWRITEBYTECODE"],
        "DJANGO_PRODUCTION": "1",
        "DJANGO_ALLOWED_HOSTS": "localhost",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
    }


def test_its_static_files_are_collected(image: Path) -> None:
    assert (image / "staticfiles" / "admin" / "css" / "base.css").stat().st_size
    assert not (image.parent / "build").exists(), "what the build needed is gone"


def test_it_migrates_there_in_production_and_writes_nothing_beside_its_data(
    image: Path, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    environment = production(tmp_path / "data")
    run_in(image, SERVICES["migrate"]["command"], environment)
    assert "essay_judge.sqlite3" in os.listdir(tmp_path / "data")
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before
