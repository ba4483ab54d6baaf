"""The transfer log: one line a transfer or removal, as wu-ftpd's ``xferlog`` has it.

::

    Sun Nov 22 11:50:23 2026 1 192.0.2.9 4096 /a_file.bin b _ o r alice ftp 0 * c

That is: when it ended; seconds it took; the peer's address; octets that passed; the file; TYPE
(``a``, ``b``); ``_``, since nothing was done to it on the way; ``o`` out, ``i`` in, ``d`` removed;
``a`` for anonymous or ``r`` for an account; who; the service; how somebody was identified
besides, which nobody was; ``c`` for complete, ``i`` for incomplete.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netsuite.connection.linelog import Line, fit
from netsuite.connection.pump import Life
from netsuite.ftp.commands import Appe, Reply, Representation, Retr, Stor, Stou
from netsuite.ftp.paths import TreePath, octets_of, shown
from netsuite.ftp.server.active_transfer import ActiveTransfer
from netsuite.ftp.server.session import Session

#: Instead of a name that is not known.
NOBODY: Final = "?"
#: Which way the files of a command go; listings are no files.
DIRECTIONS: Final[Mapping[type, str]] = {Retr: "o", Stor: "i", Appe: "i", Stou: "i"}


def transferred(session: Session, active: ActiveTransfer, said: Reply) -> None:
    """Note a transfer that has ended, if it had begun; *said* is what the client is told of it."""
    command = active.command
    if not isinstance(command, Retr | Stor | Appe | Stou):
        return
    if not said.positive and active.data is None:
        return
    path = active.path
    if path is None:
        path = session.resolved(command.path)
    seconds = session.clock.seconds() - active.since
    _note(session, DIRECTIONS[type(command)], path, active.octets, seconds, said.positive)


def removed(session: Session, path: TreePath) -> None:
    """Note that a file was removed."""
    _note(session, "d", path, 0, 0.0, True)


def _note(
    session: Session, direction: str, path: TreePath, octets: int, seconds: float, complete: bool
) -> None:
    line_log = session.shared.line_log
    if line_log is None:
        return
    line_log.add(
        LINE,
        session.peer.address,
        session.username,
        session.is_guest,
        direction,
        path,
        octets,
        seconds,
        session.representation is Representation.ASCII,
        complete,
    )
    if session.life is Life.DRAINING:  # perhaps after the last time that it is written
        line_log.flush()


def format_line(
    when: str,
    address: str,
    account: str,
    anonymous: bool,
    direction: str,
    path: TreePath,
    octets: int,
    seconds: float,
    as_text: bool,
    complete: bool,
) -> str:
    """Return the line of a transfer; nothing a peer says can make it two, or a field more.

    Args:
        when: as C's ``ctime`` has it, in local time.
        address: the peer's; empty for a local socket.
        account: who had logged in, or as what.
        seconds: that it took; less than one are one, as the others have it.
    """
    return (
        f"{when} {max(1, round(seconds))} {address or '-'} {octets} {_field(shown(path))} "
        f"{'a' if as_text else 'b'} _ {direction} {'a' if anonymous else 'r'} "
        f"{_field(account) or NOBODY} ftp 0 * {'c' if complete else 'i'}\n"
    )


def line_fields(
    address: str,
    account: str,
    anonymous: bool,
    direction: str,
    path: TreePath,
    octets: int,
    seconds: float,
    as_text: bool,
    complete: bool,
) -> Mapping[str, object]:
    """Return the same for a line in JSON."""
    return {
        "peer": address,
        "account": account,
        "anonymous": anonymous,
        "direction": direction,
        "path": shown(path),
        "octets": octets,
        "seconds": round(seconds, 3),
        "type": "a" if as_text else "b",
        "complete": complete,
    }


LINE: Final = Line(format_line, line_fields)


def _field(text: str) -> str:
    # Fields end with a space; the underscore is what everybody writes instead.
    return fit(octets_of(text).decode("latin-1")).replace(" ", "_")
