"""`manage.py` in the world of `tests.chaos.apps`: `python -m tests.chaos.manage eng5 ...`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
    import tests.chaos.apps  # noqa: F401 - it changes the application
    from tests.chaos import disks

    disks.fill(os.environ.get("CHAOS", ""))
    execute_from_command_line(["manage.py", *sys.argv[1:]])
