"""The command's own errors, each with an exit code, and the end of a command.

What a client meets of its server are the errors of ``netsuite.connection.errors``; see
``running``.
"""

from __future__ import annotations

import contextlib
import enum
import os
import sys
from collections.abc import Sequence
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
    PARTLY = 8
    UNFORESEEN = 70
    INTERRUPTED = 130
    READER_GONE = 141


class CommandError(Exception):
    """The command cannot be done; never raised itself, only its children."""

    code = Exit.REFUSED


class NotGiven(CommandError):
    """The server does not give what was asked for."""


class PartlyTaken(CommandError):
    """The server has taken the message for some of its recipients, and not for others."""

    code = Exit.PARTLY


class PartlyMirrored(CommandError):
    """Some of a tree could not be mirrored."""

    code = Exit.PARTLY


class LoginFailed(CommandError):
    """The server does not take the login, or offers no way that may be used."""

    code = Exit.LOGIN


class NoTLS(CommandError):
    """TLS is required, and there is none."""

    code = Exit.TLS


class TookTooLong(CommandError):
    """The time that was given is over."""

    code = Exit.TIMEOUT


class FileTrouble(CommandError):
    """A file here cannot be read or written."""

    code = Exit.FILE


class Interrupted(CommandError):
    """A signal ended it: Ctrl-C."""

    code = Exit.INTERRUPTED


class ReaderGone(CommandError):
    """Whoever read standard output has gone: ``| head -1``. As what SIGPIPE ends, it says nothing,
    and has the code that a shell gives to that."""

    code = Exit.READER_GONE


class Usage(CommandError):
    """The options make no sense together."""

    code = Exit.USAGE


def printable(text: str, *, octets: bool = False) -> str:
    """Return what a server said without what a terminal would obey.

    Args:
        octets: whether octets that are not UTF-8, in lone surrogates, are kept.
    """
    return "".join(
        each
        if each.isprintable() or (octets and "\udc80" <= each <= "\udcff")
        else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def complain(line: str, more: Sequence[str] = ()) -> None:
    """Say on standard error what is not as it should be, and go on.

    Args:
        more: further lines, shown below.
    """
    with contextlib.suppress(OSError):
        click.echo(f"netsuite: {line}", err=True)
        for each in more:
            click.echo(f"  {each}", err=True)


def leave(code: Exit, line: str, more: Sequence[str] = ()) -> NoReturn:
    """End the command with a line and a code.

    Args:
        more: further lines, shown below.
    """
    if code is not Exit.READER_GONE:
        complain(line, more)
    # What could not be written to standard output must not be tried again at exit.
    if code in (Exit.FILE, Exit.READER_GONE):
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(int(code))
