"""``netsuite mirror``: the work of the command, a line for each thing that is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from twisted.internet.defer import Deferred, execute
from twisted.internet.threads import deferToThread

from netsuite.cli.client.access import Access
from netsuite.cli.client.problems import FileTrouble, PartlyMirrored, complain, printable
from netsuite.cli.client.results import Result
from netsuite.cli.client.running import line_of, run
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import Target, file_path
from netsuite.ftp.client import FTPClient
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
    Transferred,
)
from netsuite.ftp.mirror.local import LocalTree

T = TypeVar("T")

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
    as_json: bool,
) -> None:
    """Make a tree like another.

    Args:
        target: the server's.
        local: the one here.
        options: those of ``netsuite.ftp.mirror.Options``.
        down: whether the tree here is made like the server's.
        as_json: whether what is done is told as JSON.
    """
    run(
        target,
        access,
        login,
        lambda session: _mirror(session, local, options, down=down, as_json=as_json),
    )


async def _mirror(
    session: ClientSession, local: Path, options: Mapping[str, Any], *, down: bool, as_json: bool
) -> None:
    path = _top(session.target)
    if session.target.service == "http":
        from netsuite.cli.client.web_tree import WebTree

        # Connections are made request by request: whether there is anything is asked first.
        await WebTree(session).check()
    made = Mirror(
        lambda: _connected(session),
        clock=session.clock,
        run=_run,
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
                _say(each, session.target.place, "fetched" if down else "stored", as_json=as_json)
    except OSError as error:
        raise FileTrouble(_why(error, "")) from None
    if failed:
        raise PartlyMirrored(f"{failed} files or directories could not be mirrored")


def _run(function: Callable[..., T], /, *arguments: object) -> Deferred[T]:
    """Work on the disk, here and now: a thread for each small file takes the processor more time
    than the file (2.1 milliseconds a file with it, 1.2 without), and who waits meanwhile is this
    command alone. Hashes of whole files go to a thread."""
    if function.__name__ == LocalTree.hash.__name__:
        return deferToThread(function, *arguments)
    return execute(function, *arguments)


def _top(target: Target) -> str:
    """Return the path of the tree's top, as a session of its protocol takes it."""
    if target.service != "ftp":
        return ""  # those begin where the URL says
    path = file_path(target)
    return path.rstrip("/") or "/" if len(path) > 1 else path


async def _connected(session: ClientSession) -> FTPClient:
    """Return a session; of other protocols the part of one that mirrors down use."""
    made: object  # of other protocols what keeps to the part of FTP's client that is used
    if session.target.service == "imap":
        from netsuite.cli.client.mail_tree import MailTree

        made = await MailTree.opened(session)
    elif session.target.service == "http":
        from netsuite.cli.client.web_tree import WebTree

        made = WebTree(session)
    else:
        from netsuite.cli.client.ftp import connected

        made = client = await connected(session)
        # Of ten thousand files nobody wants to know what was said of the last.
        client.tells_conversation = False
    return made  # type: ignore[return-value]


def _say(event: Event, place: str, transferred: str, *, as_json: bool) -> None:
    """Print what has happened; what is not as it should be on standard error."""
    octets = not sys.stdout.isatty()
    path = printable(event.path, octets=octets) or "."
    if isinstance(event, LeftOut):
        complain(printable(f"{path} is left out: {event.why}"))
    elif isinstance(event, FewerSessions):
        why = _why(event.error, place)
        complain(printable(f"there are fewer connections than wanted: {why}"))
    elif isinstance(event, Failed):
        complain(printable(f"{path}: {_why(event.error, place)}"))
    elif isinstance(event, Retrying):
        again = f"it is tried again in {event.seconds:g} seconds"
        complain(printable(f"{path}: {_why(event.error, place)}; {again}"))
    elif as_json:
        size = {"octets": event.octets} if isinstance(event, Transferred) else {}
        what = _DONE.get(type(event), transferred)
        Result(what, {"path": event.path or "."}, size).show(as_json=True)
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
