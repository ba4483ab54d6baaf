"""Settings of the POP3 service."""

from __future__ import annotations

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Seconds
from netsuite.connection.settings import ServiceSettings, live_seconds


class Settings(ServiceSettings):
    """Mailboxes to fetch and empty (RFC 1939)."""

    listen: list[str] = setting(loopback(110), "Where to listen, with STLS.")
    listen_tls: list[str] = setting(loopback(995), "Where to listen under TLS.")
    idle_seconds: Seconds = live_seconds(
        600.0,
        "How long a connection may say nothing; RFC 1939, 3 wants at least 10 minutes.",
        ge=600,
    )
    read_log: str = setting(
        "",
        "The read log: a line for each message whose text is read, by whom, from where, with the "
        "identifier that the message log has; relative to the home directory, such as "
        "log/pop3-read.log. Empty for none.",
    )
