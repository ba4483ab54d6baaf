"""What one IMAP service is told: who it is, what it takes, how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from netsuite.imap.dialog.events import Bounds

#: RFC 3501, 5.4: an autologout timer MUST be at least so long.
AUTOLOGOUT_SECONDS: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an IMAP service; one object for all its connections.

    Args:
        host: the name it goes by.
        software: what greeting and ID call it.
        version: what ID says of it; empty for nothing.
        bounds: what one command may cost.
        keywords: how many different keywords a session may bring into one mailbox.
        batch_messages: how many messages FETCH reads at once.
        batch_octets: how many octets of content FETCH holds at once.
        stream_octets: contents longer than this are streamed, not held.
    """

    host: str = "localhost"
    software: str = "netsuite"
    version: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    keywords: int = 500
    batch_messages: int = 250
    batch_octets: int = 1024 * 1024
    stream_octets: int = 128 * 1024
