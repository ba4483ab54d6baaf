"""FTP's words: ``450 text``; and a port for data where nobody says anything."""

from __future__ import annotations

import re
from typing import Final, get_args

from twisted.internet.interfaces import IAddress, ITransport
from twisted.internet.protocol import Factory, Protocol

from netsuite.ftp import commands
from netsuite.ftp.reply_grammar import extended_passive_reply, passive_reply
from netsuite.ftp.server.session import Session
from netsuite.testing.faults.kinds import Refuse, SilentPort, Wrong
from netsuite.testing.faults.words.table import (
    GOES_ON,
    Answer,
    Rules,
    Words,
    Wrongly,
    named,
    shifting,
)

#: What arranges a port where the server listens.
_PASSIVE: Final = (commands.Pasv, commands.Epsv)
_PASSIVE_CODES: Final = (227, 229)


def reply(event: object, refusal: Refuse) -> commands.Reply:
    """Return the reply."""
    code = int(refusal.code or (421 if event is None else 450))
    return commands.reply(code, refusal.text or "Try again later")


def ends(refusal: Refuse) -> bool:
    """Return whether the connection is closed behind it (RFC 959, 4.2.2)."""
    return refusal.code == 421


async def _refuse_transfer(
    session: Session, event: object, refused: commands.Reply, answer: Answer
) -> commands.Ended:
    """End the transfer before it has begun."""
    session.data().reset()
    return commands.Ended(refused)


# -- a port where nobody says anything ------------------------------------------------------------


class Silence(Factory):
    """Accepts connections, and says nothing on them."""

    noisy = False

    def __init__(self) -> None:
        self.transports: list[ITransport] = []

    def buildProtocol(self, addr: IAddress) -> Protocol:  # type: ignore[override]
        """Accept one."""
        return _Silent(self.transports)


class _Silent(Protocol):
    def __init__(self, transports: list[ITransport]) -> None:
        self._transports = transports

    def connectionMade(self) -> None:
        """Keep it, to be closed with all else."""
        if self.transport is not None:
            self._transports.append(self.transport)


def replied(session: Session, rules: Rules, event: object, said: object) -> object:
    """Return what is said to PASV and EPSV: another port, where a rule has it so."""
    if not isinstance(event, _PASSIVE) or not isinstance(said, commands.Reply):
        return said
    if said.code not in _PASSIVE_CODES:
        return said
    for rule, _ in rules.book.of(SilentPort):
        if rule.strikes(rules.number, event):
            port = _listen(session, rules)
            if isinstance(event, commands.Pasv):
                return passive_reply(session.here(), port)
            return extended_passive_reply(port)
    return said


def _listen(session: Session, rules: Rules) -> int:
    silence = Silence()
    port = session.shared.reactor.listenTCP(0, silence, interface=session.here())

    def stop() -> None:
        port.stopListening()
        for transport in silence.transports:
            transport.loseConnection()

    rules.at_end(stop)
    number: int = port.getHost().port
    return number


WORDS: Final = Words(
    protocol="ftp",
    names=named(*get_args(commands.Command)),
    reply=reply,
    ends=ends,
    refusing=dict.fromkeys(commands.TRANSFERS, _refuse_transfer),
    wrongly={
        Wrong.UNFINISHED: Wrongly(change=GOES_ON),
        Wrong.SIZE: Wrongly(change=shifting(rb"\A213 (\d+)\r\n"), to=frozenset({"SIZE"})),
    },
    starttls="AUTH",
    go_ahead=re.compile(rb"\A234 .*\r\n"),
    injected=b"331 injected\r\n",
    replied=replied,
)
