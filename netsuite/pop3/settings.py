"""Settings of the POP3 service."""

from __future__ import annotations

from typing import Literal

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Seconds
from netsuite.connection.settings import ServiceSettings, live, live_seconds


class Settings(ServiceSettings):
    """Mailboxes to fetch and empty (RFC 1939)."""

    listen: list[str] = setting(loopback(110), "Where to listen, with STLS.")
    listen_tls: list[str] = setting(loopback(995), "Where to listen under TLS.")
    idle_seconds: Seconds = live_seconds(
        600.0,
        "How long a connection may say nothing; RFC 1939, 3 wants at least 10 minutes.",
        ge=600,
    )
    login_delay_seconds: Seconds = live_seconds(
        0.0,
        "How long after a login the same account may not log in again (LOGIN-DELAY); 0: it may at "
        "once.",
    )
    expire_days: Count | Literal["never"] = live(
        "never",
        "After how many days messages are removed that a client fetches and leaves here (EXPIRE): "
        "at QUIT, those of that age that it has fetched in the session. 0: all of those.",
        unit="days",
    )
    read_log: str = setting(
        "",
        "The read log: a line for each message whose text is read, by whom, from where, with the "
        "identifier that the message log has; relative to the home directory, such as "
        "log/pop3-read.log. Empty for none.",
    )
