"""A running emulator for each test."""

from tests.emulators import emulator

__all__ = ["emulator"]
