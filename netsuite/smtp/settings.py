"""Settings of the SMTP service."""

from __future__ import annotations

from typing import Literal

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Seconds
from netsuite.connection.settings import ServiceSettings


class Settings(ServiceSettings):
    """Mail from other hosts (RFC 5321), on the standard port 25."""

    listen: list[str] = setting(loopback(25), "Where other hosts hand in mail.")
    greeting_seconds: Seconds = setting(
        300.0,
        "How long the first command may take, a TLS handshake included; RFC 5321, 4.5.3.2.7 wants "
        "five minutes. Other services give one.",
        unit="seconds",
    )
    message_octets: Count = setting(
        50 * 1024 * 1024, "The largest message taken.", unit="octets", live=True
    )
    recipients: int = setting(
        1000, "Recipients of one message.", unit="recipients", ge=100, live=True
    )
    bare_line_ends: Literal["refuse", "mend"] = setting(
        "refuse",
        "What becomes of a message with a CR or LF alone in it: refused whole, or each made CRLF. "
        "Either way only CRLF.CRLF ends a message.",
        live=True,
    )
    message_log: str = setting(
        "log/smtp.log",
        "The message log: a line for each message taken or refused, and each recipient refused; "
        "relative to the home directory, empty for none. It may be moved away at any time.",
    )


class SubmissionSettings(Settings):
    """Mail from our own users (RFC 6409), who must log in first."""

    listen: list[str] = setting(loopback(587), "Where users hand in mail, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(465), "Where users hand in mail under TLS (RFC 8314).")
    message_log: str = setting(
        "log/submission.log", "The message log, as that of `smtp`; empty for none."
    )
