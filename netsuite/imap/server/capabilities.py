"""What CAPABILITY says: one function of state, TLS and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netsuite.imap.dialog.rules import State

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer

#: Whoever asks: what the grammar takes.
ALWAYS: Final = ("IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE")
#: After a login.
INSIDE: Final = (
    "NAMESPACE",
    "UIDPLUS",
    "UNSELECT",
    "CHILDREN",
    "MOVE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "CONDSTORE",
    "QRESYNC",
    "STATUS=SIZE",
)


def capabilities(connection: IMAPServer, *, inside: bool = False) -> tuple[str, ...]:
    """Give the names that are true now, on this connection.

    Args:
        inside: take the user as logged in already.
    """
    if inside or connection.dialog.state is not State.NOT_AUTHENTICATED:
        limit = f"APPENDLIMIT={connection.settings.bounds.append_octets}"
        return (*ALWAYS, *INSIDE, limit)
    channel = connection.channel()
    names = list(ALWAYS)
    if connection.tls is not None and not channel.secure:
        names.append("STARTTLS")
    if not connection.authenticator.allows_password(channel):
        names.append("LOGINDISABLED")
    names += (f"AUTH={mechanism}" for mechanism in connection.authenticator.mechanisms(channel))
    return tuple(names)
