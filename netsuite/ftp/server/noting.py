"""What a session notes in the transfer log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from netsuite.ftp.commands import Appe, Reply, Representation, Retr, Stor, Stou
from netsuite.ftp.paths import TreePath
from netsuite.ftp.server.login import is_guest
from netsuite.ftp.server.transferlog import format_line

if TYPE_CHECKING:
    from netsuite.ftp.server.connection import FTPServer
    from netsuite.ftp.server.transfers import ActiveTransfer

#: Which way the files of a command go; listings are no files.
DIRECTIONS: Final[Mapping[type, str]] = {Retr: "o", Stor: "i", Appe: "i", Stou: "i"}


def transferred(connection: FTPServer, running: ActiveTransfer, said: Reply) -> None:
    """Note a transfer that has ended, if it had begun.

    Args:
        said: what the client is told of it.
    """
    command = running.command
    if not isinstance(command, Retr | Stor | Appe | Stou):
        return
    if not said.positive and running.data is None:
        return
    path = running.path
    if path is None:
        path = connection.resolved(command.path)
    seconds = connection.clock.seconds() - running.since
    _note(connection, DIRECTIONS[type(command)], path, running.octets, seconds, said.positive)


def removed(connection: FTPServer, path: TreePath) -> None:
    """Note that a file was removed."""
    _note(connection, "d", path, 0, 0.0, True)


def _note(
    connection: FTPServer,
    direction: str,
    path: TreePath,
    octets: int,
    seconds: float,
    complete: bool,
) -> None:
    line_log = connection.shared.line_log
    if line_log is None:
        return
    line_log.add(
        format_line,
        connection.peer.address,
        connection.username,
        is_guest(connection),
        direction,
        path,
        octets,
        seconds,
        connection.representation is Representation.ASCII,
        complete,
    )
    if connection.shared.draining:  # perhaps after the last time that it is written
        line_log.flush()
