"""What can be wrong with a script: when it is compiled, and when it runs."""

from __future__ import annotations


class SieveError(Exception):
    """A script cannot be used, or goes no further.

    Args:
        line: of the script, from 1; 0 where no line is at fault.
        reason: for its author.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line = line
        self.reason = reason


class ScriptError(SieveError):
    """The script is no Sieve, or uses what it has not required or is not offered."""


class RunError(SieveError):
    """The script cannot go on with this message."""
