"""``netsuite mirror``: the work of the command, a line for each thing that is done."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import click
from twisted.internet.threads import deferToThread

from netsuite.cli.client.access import Access
from netsuite.cli.client.ftp import connected
from netsuite.cli.client.problems import FileTrouble, PartlyMirrored, printable
from netsuite.cli.client.running import line_of, run
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target, file_path
from netsuite.ftp.mirror import (
    Event,
    Failed,
    FewerSessions,
    LeftOut,
    MadeDirectory,
    Mirror,
    Options,
    Removed,
    Retrying,
    TimeSet,
)

#: What is said of what was done; of files it is the direction that counts.
_DONE: Final = {MadeDirectory: "made", Removed: "removed", TimeSet: "dated"}


def mirror(
    target: Target,
    access: Access,
    login: Login | None,
    local: Path,
    options: Mapping[str, Any],
    *,
    down: bool,
) -> None:
    """Make a tree like another.

    Args:
        target: the server's.
        local: the one here.
        options: those of ``netsuite.ftp.mirror.Options``.
        down: whether the tree here is made like the server's.
    """
    run(target, access, login, lambda session: _mirror(session, local, options, down=down))


async def _mirror(
    session: ClientSession, local: Path, options: Mapping[str, Any], *, down: bool
) -> None:
    path = file_path(session.target)
    if len(path) > 1:
        path = path.rstrip("/") or "/"
    made = Mirror(
        lambda: connected(session),
        clock=session.clock,
        run=deferToThread,
        options=Options(**options, verify=session.access.verify),
        advance=session.progress.advance,
    )
    if sys.stdout.isatty():  # else a bar would take the lines for itself
        session.progress.begin(None)
    failed = 0
    try:
        async with aclosing(made.down(path, local) if down else made.up(local, path)) as events:
            async for each in events:
                failed += isinstance(each, Failed)
                _say(each, session.target.place, "fetched" if down else "stored")
    except OSError as error:
        raise FileTrouble(_why(error, "")) from None
    if failed:
        raise PartlyMirrored(f"{failed} files or directories could not be mirrored")


def _say(event: Event, place: str, transferred: str) -> None:
    """Print what has happened; what is not as it should be on standard error."""
    octets = not sys.stdout.isatty()
    path = printable(event.path, octets=octets) or "."
    if isinstance(event, LeftOut):
        _complain(f"{path} is left out: {event.why}")
    elif isinstance(event, FewerSessions):
        _complain(f"there are fewer connections than wanted: {_why(event.error, place)}")
    elif isinstance(event, Failed):
        _complain(f"{path}: {_why(event.error, place)}")
    elif isinstance(event, Retrying):
        why = _why(event.error, place)
        _complain(f"{path}: {why}; it is tried again in {event.seconds:g} seconds")
    else:
        line = f"{_DONE.get(type(event), transferred)} {path}"
        if octets:
            click.echo(line.encode("utf-8", "surrogateescape"))
        else:
            sys.stdout.write(f"{line}\n")  # where a bar sees that it has to make room


def _why(error: Exception, place: str) -> str:
    """Return an error in words."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return line_of(error, place)


def _complain(text: str) -> None:
    sys.stderr.write(f"netsuite: {printable(text)}\n")
