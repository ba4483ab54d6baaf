"""The options that a Telnet server asks for and offers by itself; nothing is said to it."""

from __future__ import annotations

from typing import Final

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from netsuite.cli.client.capabilities import CLEAR, SECURE, Told
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.tls_examination import drop
from netsuite.connection import errors
from netsuite.telnet.commands import Option
from netsuite.tls import wrap_client

#: A server that has something to offer does so at once.
LISTEN_SECONDS: Final = 1.5
_HEARD_OCTETS: Final = 65_536
_IAC, _SB, _SE, _WILL, _DONT = 255, 250, 240, 251, 254
_VERBS: Final = {251: "WILL", 252: "WONT", 253: "DO", 254: "DONT"}
#: Options beside those that are spoken here (IANA, telnet-options).
_OTHERS: Final = {
    23: "SEND-LOCATION", 32: "TSPEED", 33: "LFLOW", 34: "LINEMODE", 35: "XDISPLOC",
    36: "OLD-ENVIRON", 37: "AUTHENTICATION", 38: "ENCRYPT", 39: "NEW-ENVIRON", 46: "START-TLS",
}  # fmt: skip
_NAMES: Final = {
    **_OTHERS,
    **{number: name for name, number in vars(Option).items() if isinstance(number, int)},
}


class _Listening(Protocol):
    """Hears what a server says first."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.gone: Failure | None = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Accept a piece."""
        if len(self.heard) < _HEARD_OCTETS:
            self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """Nothing more will come."""
        self.gone = reason


async def ask(session: ClientSession) -> Told:
    """Listen for a while."""
    listening = _Listening()
    factory: IProtocolFactory = Factory.forProtocol(lambda: listening)
    if session.target.tls:
        factory = wrap_client(factory, session.context(), session.clock)
    try:
        await session.endpoint().connect(factory)
    except Exception as error:
        raise errors.ConnectionRefused(str(error)) from error
    await deferLater(session.clock, LISTEN_SECONDS)
    if listening.gone is None:
        drop(listening)
    elif not listening.heard:
        reason = listening.gone.value
        if isinstance(reason, SSL.Error | VerificationError):
            raise errors.TLSFailure(f"no TLS: {reason}") from reason
        raise errors.ConnectionLost("the server has closed the connection")
    text, said = read(bytes(listening.heard))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    stage = SECURE if session.target.tls else CLEAR
    return Told(lines[0] if lines else "", stages={stage: said})


def read(octets: bytes) -> tuple[str, list[str]]:
    """Return the text that a server shows, and the negotiations in it."""
    text, said, place = bytearray(), [], 0
    while place < len(octets):
        octet = octets[place]
        following = octets[place + 1] if place + 1 < len(octets) else None
        if octet != _IAC:
            text.append(octet)
            place += 1
        elif following is not None and _WILL <= following <= _DONT:
            if place + 2 < len(octets):
                number = octets[place + 2]
                said.append(f"{_VERBS[following]} {_NAMES.get(number, str(number))}")
            place += 3
        elif following == _SB:
            end = octets.find(bytes([_IAC, _SE]), place)
            place = len(octets) if end < 0 else end + 2
        else:
            if following == _IAC:
                text.append(_IAC)
            place += 2
    return text.decode("utf-8", "replace"), said
