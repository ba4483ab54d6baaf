"""What can go wrong, as one line and an exit code."""

from __future__ import annotations

import contextlib
import enum
import os
import sys
from typing import NoReturn

import click


class Exit(enum.IntEnum):
    """Exit codes; the manual's table says the same."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NO_CONNECTION = 3
    TLS = 4
    LOGIN = 5
    TIMEOUT = 6
    FILE = 7
    UNFORESEEN = 70
    INTERRUPTED = 130


class ClientError(Exception):
    """Our own refusals; never raised itself, only its children."""

    code = Exit.REFUSED


class Refused(ClientError):
    """The server does not give what was asked for."""


class LoginFailed(ClientError):
    """The server does not take the login, or offers no way that may be used."""

    code = Exit.LOGIN


class NoTLS(ClientError):
    """TLS is required, and there is none."""

    code = Exit.TLS


class TookTooLong(ClientError):
    """The time that was given is over."""

    code = Exit.TIMEOUT


class FileTrouble(ClientError):
    """A file here cannot be read or written."""

    code = Exit.FILE


class Interrupted(ClientError):
    """A signal ended it: Ctrl-C."""

    code = Exit.INTERRUPTED


class Usage(ClientError):
    """What was asked for makes no sense together."""

    code = Exit.USAGE


def printable(text: str) -> str:
    """Give what a server said without what a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def leave(code: Exit, line: str) -> NoReturn:
    """End the command with a line and a code."""
    with contextlib.suppress(OSError):
        click.echo(f"netsuite: {line}", err=True)
    # What could not be written to standard output must not be tried again at exit.
    if code is Exit.FILE:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(int(code))
