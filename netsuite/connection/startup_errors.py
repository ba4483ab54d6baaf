"""Errors of a daemon that cannot start: a line for the operator, an exit code for the shell."""

from __future__ import annotations

import os
import sys


class CannotStart(SystemExit):
    """What keeps the daemon from starting: lines for the operator, or 1 where they were told.

    twistd turns a UsageError into a line only while it parses options; one raised later becomes
    a traceback.
    """


class CannotStartUnseen(Exception):
    """The same in a process that has left its terminal. twistd waits there for an exception, to
    hand its text to the process that the operator still sees; for SystemExit it waits for ever."""

    __module__ = "netsuite"  # twistd hands on 100 octets, of which this saves some


def cannot_start(message: str) -> CannotStart | CannotStartUnseen:
    """Return what to raise from a service's start, with a message that has been logged and told."""
    return CannotStartUnseen(message) if has_left_terminal() else CannotStart(1)


def has_left_terminal() -> bool:
    """Return whether what is printed goes nowhere, as in a daemon."""
    if sys.__stderr__ is None:
        return True
    try:
        return os.path.samestat(os.fstat(sys.__stderr__.fileno()), os.stat(os.devnull))
    except (OSError, ValueError):
        return True


def tell_operator(message: str) -> None:
    """Print a line on the terminal, if there is one: twistd has turned ``sys.stderr`` into the
    log, which may be a file that nobody looks at while the daemon does not start."""
    print(message, file=sys.__stderr__, flush=True)
