"""Settings of the IMAP service."""

from __future__ import annotations

from functools import cached_property

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Seconds
from netsuite.connection.settings import ServiceSettings
from netsuite.imap.limits import Bounds


class Settings(ServiceSettings):
    """Mailboxes for mail programs (RFC 3501)."""

    listen: list[str] = setting(loopback(143), "Where to listen, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(993), "Where to listen under TLS.")
    idle_seconds: Seconds = setting(
        1800.0,
        "How long a connection that has logged in may say nothing; RFC 3501, 5.4 wants at least "
        "30 minutes.",
        unit="seconds",
        ge=1800,
        live=True,
    )
    append_octets: Count = setting(
        100 * 1024 * 1024, "The largest message that APPEND takes.", unit="octets", live=True
    )
    keywords: Count = setting(
        500,
        "Different keywords that one session may bring into a mailbox.",
        unit="keywords",
        live=True,
    )

    read_log: str = setting(
        "",
        "The read log: a line for each message whose text is read, by whom, from where, with the "
        "identifier that the message log has; relative to the home directory, such as "
        "log/imap-read.log. Empty for none.",
    )

    @cached_property
    def bounds(self) -> Bounds:
        """What one command may cost."""
        return Bounds(append_octets=self.append_octets)
