"""Settings of the SMTP services, and whom a service is for."""

from __future__ import annotations

import enum
import sys
from functools import cached_property
from typing import Literal

from netsuite.config.sections import loopback, setting
from netsuite.config.values import Count, Seconds
from netsuite.connection.settings import ServiceSettings, live, live_seconds


class Mode(enum.Enum):
    """Whom a service is for; the value is what an account's services call it."""

    RELAY = "smtp"  #: other servers bring mail for accounts here (RFC 5321)
    SUBMISSION = "submission"  #: accounts here send mail, after a login (RFC 6409)
    LMTP = "lmtp"  #: a mail server beside us delivers (RFC 2033)


class Settings(ServiceSettings):
    """Mail from other hosts (RFC 5321), on the standard port 25."""

    listen: list[str] = setting(loopback(25), "Where other hosts hand in mail.")
    greeting_seconds: Seconds = live_seconds(
        300.0,
        "How long the first command may take, a TLS handshake included; RFC 5321, 4.5.3.2.7 wants "
        "five minutes. Other services give one.",
    )
    message_octets: Count = live(
        50 * 1024 * 1024,
        "The largest message taken, announced with SIZE; 0: as large as fits.",
        unit="octets",
    )
    recipients: int = live(1000, "Recipients of one message.", unit="recipients", ge=100)
    hops: int = live(
        50,
        "Received fields after which a message is taken to be in a loop (RFC 5321, 6.3).",
        unit="fields",
        ge=1,
    )
    bare_line_ends: Literal["refuse", "mend"] = live(
        "refuse",
        "What becomes of a message with a CR or LF alone in it: refused whole, or each made CRLF. "
        "Either way only CRLF.CRLF ends a message.",
    )
    require_tls: bool = live(
        False,
        "Whether a message is refused before STARTTLS, but from the same machine. RFC 3207, 4 "
        "forbids that to a server that takes mail from everywhere.",
    )
    offer_auth: bool = live(
        False,
        "Whether accounts may log in to the `smtp` service too; `submission` always has them.",
    )
    message_log: str = setting(
        "log/smtp.log",
        "The message log: a line for each message taken or refused, and each recipient refused; "
        "relative to the home directory, empty for none. It may be moved away at any time.",
    )

    @cached_property
    def mend_line_ends(self) -> bool:
        """Whether a CR or LF alone is made CRLF."""
        return self.bare_line_ends == "mend"

    @cached_property
    def largest_octets(self) -> int:
        """The largest message taken, as a number that sizes can be compared with."""
        return self.message_octets or sys.maxsize


class SubmissionSettings(Settings):
    """Mail from our own users (RFC 6409), who must log in first."""

    listen: list[str] = setting(loopback(587), "Where users hand in mail, with STARTTLS.")
    listen_tls: list[str] = setting(loopback(465), "Where users hand in mail under TLS (RFC 8314).")
    message_log: str = setting(
        "log/submission.log", "The message log, as that of `smtp`; empty for none."
    )
