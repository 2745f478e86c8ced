#!/usr/bin/env python
"""Django's command line: `manage.py eng5 --help` is the runner."""

import os
import sys

import django
from django.core.management import execute_from_command_line


def main() -> None:
    """Run a command; a bad environment, or a database that is away, is told in a line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cjproject.settings")
    from cjproject import databases, environments

    environments.check()
    with environments.ending_plainly():
        django.setup()
    with databases.ending_plainly(sys.argv[1:2]):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
