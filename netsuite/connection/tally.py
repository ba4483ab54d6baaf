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
        commands: events that were answered, by class.
        refused: commands that were refused as such.
        logins: logins that succeeded.
        failures: answers that went wrong in a way nobody foresaw.
        octets_in: octets of connections that are gone, after TLS.
        octets_out: the same, to the client.
    """

    accepted: int = 0
    turned_away: Counter[CloseReason] = field(default_factory=Counter)
    handshakes: int = 0
    commands: Counter[type] = field(default_factory=Counter)
    refused: int = 0
    logins: int = 0
    failures: int = 0
    octets_in: int = 0
    octets_out: int = 0
