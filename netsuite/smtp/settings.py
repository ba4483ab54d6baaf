"""What one SMTP service is told: who it is, what it takes, how much."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Mode(enum.Enum):
    """Whom a server is for."""

    RELAY = "other servers bring mail for accounts here (RFC 5321)"
    SUBMISSION = "accounts here send mail, after a login (RFC 6409)"
    LMTP = "a mail server beside us delivers (RFC 2033)"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an SMTP service.

    Args:
        host: the name it goes by.
        mode: whom it is for.
        software: what the greeting calls it.
        size_octets: the largest message it takes; announced with SIZE.
        recipients: of one message; RFC 5321, 4.5.3.1.8 wants 100 at least.
        hops: Received fields after which a message is in a loop (RFC 5321, 6.3).
        offer_auth: whether relay mode offers AUTH; submission always does.
        mend_line_ends: whether a CR or LF alone in a message is made CRLF rather than refused.
            Either way only CRLF.CRLF ends a message, and what is stored has CRLF only, so that
            nobody after us can read another end into it.
        require_tls: whether MAIL is refused before STARTTLS, but from the loopback interface.
    """

    host: str
    mode: Mode = Mode.RELAY
    software: str = "netsuite"
    size_octets: int = 50 * 1024 * 1024
    recipients: int = 1000
    hops: int = 50
    offer_auth: bool = False
    require_tls: bool = False
    mend_line_ends: bool = False
