"""The tally of one service's connections: what has happened since it started, as plain numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from netsuite.connection.deadlines import CloseReason


@dataclass(slots=True)
class Tally:
    """What a service's connections have done, those that are gone too.

    Whoever counts adds to a number on the reactor's thread; nothing is made of the numbers before
    somebody asks.

    Args:
        accepted: connections that were served.
        turned_away: connections that were not, by reason.
        handshakes: TLS handshakes that were finished.
        commands: that were understood, by their kind.
        refused: commands that were refused as such.
        logins: that succeeded; of HTTP, requests with one.
        failures: answers that went wrong in a way nobody foresaw.
        statuses: of HTTP's responses, how many there were of each.
        octets_in: of connections that are gone, without TLS's own; those there are have theirs.
        octets_out: the same, to the client.
    """

    accepted: int = 0
    turned_away: Counter[CloseReason] = field(default_factory=Counter)
    handshakes: int = 0
    commands: dict[type, int] = field(default_factory=dict)
    refused: int = 0
    logins: int = 0
    failures: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    octets_in: int = 0
    octets_out: int = 0
