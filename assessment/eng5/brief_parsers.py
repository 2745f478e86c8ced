"""A parser whose error is one line: the options of `execute` fill a screen."""

from typing import NoReturn

from django.core.management.base import CommandParser


class BriefParser(CommandParser):
    """As any command's parser, but an error names the command's help instead of printing it."""

    def error(self, message: str) -> NoReturn:
        if not self.called_from_command_line:
            super().error(message)
        self.exit(2, f"{self.prog}: {message}\nAll options: {self.prog} --help\n")
