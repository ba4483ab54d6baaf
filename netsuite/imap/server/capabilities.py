"""Capabilities: a function of the login, TLS and the settings."""

from __future__ import annotations

from typing import Final

from netsuite.accounts.interfaces import Channel
from netsuite.imap.server.shared import Shared

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


def before_login(shared: Shared, channel: Channel) -> tuple[str, ...]:
    """Return what is there before a login, over a channel."""
    names = list(ALWAYS)
    if shared.tls is not None and not channel.secure:
        names.append("STARTTLS")
    if not shared.authenticator.allows_password(channel):
        names.append("LOGINDISABLED")
    names += (f"AUTH={mechanism}" for mechanism in shared.authenticator.mechanisms(channel))
    return tuple(names)


def after_login(shared: Shared) -> tuple[str, ...]:
    """Return what is there after a login."""
    return (*ALWAYS, *INSIDE, f"APPENDLIMIT={shared.settings.append_octets}")
