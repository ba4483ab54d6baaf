"""The read log: one line a message that somebody has read, by IMAP or POP3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from netsuite.connection.linelog import Line, fit
from netsuite.connection.server import ServerConnection


def format_line(
    when: str,
    session: str,
    address: str,
    account: str,
    identifier: str,
    folder: str,
    uid: str,
    octets: int,
) -> str:
    """Return the line of a message; nothing in it can make it two.

    Args:
        when: printed (RFC 3339).
        session: the connection's name.
        address: the peer's; empty for a local socket.
        account: who reads.
        identifier: the message's, as the message log has it where it came by SMTP.
        folder: where it is, as the account calls it.
        uid: its number there, or its unique name in a maildrop.
        octets: of the message.
    """
    return (
        f"{when} {session} [{address or 'local'}] account={fit(account)} "
        f'read id={fit(identifier) or "-"} folder="{fit(folder)}" uid={fit(uid)} octets={octets}\n'
    )


def line_fields(
    session: str,
    address: str,
    account: str,
    identifier: str,
    folder: str,
    uid: str,
    octets: int,
) -> Mapping[str, object]:
    """Return the same for a line in JSON."""
    return {
        "session": session,
        "peer": address,
        "account": account,
        "id": identifier,
        "folder": folder,
        "uid": uid,
        "octets": octets,
    }


LINE: Final = Line(format_line, line_fields)


def note_read(
    # Any: whatever a protocol hears and says.
    session: ServerConnection[Any, Any],
    identifier: str,
    folder: str,
    uid: str,
    octets: int,
) -> None:
    """Note in the read log, if there is one, that a session's account has read a message."""
    line_log = session.shared.line_log
    if line_log is not None:
        line_log.add(
            LINE,
            session.name,
            session.peer.address,
            session.account,
            identifier,
            folder,
            uid,
            octets,
        )
