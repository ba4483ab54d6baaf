"""The layer between TCP and TLS on a data connection: it holds tickets back, and knows how TCP
ended.

Under TLS 1.3 a server sends a ticket once the handshake is done. A client that only writes never
reads it, and a socket that is closed with octets unread sends a reset, which throws away the last
of what the client has sent. So a server that receives holds back all that TLS has to say until the
client has ended TLS, or has nothing more to say.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import directlyProvides, providedBy

from netsuite.connection.acknowledging import acknowledge
from netsuite.connection.writer import StreamTransport

#: So much is held back at most: two tickets, and answers to some changes of keys.
HELD_OCTETS: Final = 16_384
#: So much a transport reads at once.
READ_OCTETS: Final = 65_536
#: content type, version, length of what follows                              RFC 8446, 5.1
_HEADER_OCTETS: Final = 5


class Above(Protocol):
    """TLS, as transports see it."""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Accept what came."""

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """It is over."""


class BelowTLS:
    """The layer: a transport to TLS, and a protocol to TCP.

    Args:
        transport: hands what it reads to its attribute ``protocol``.
    """

    def __init__(self, transport: StreamTransport) -> None:
        self.transport = transport
        #: TLS, which ``tls.start_tls`` puts here.
        self.wrappedProtocol: Above | None = None
        #: Whether TCP has ended as it should, behind a whole record of TLS.
        self.ended_whole = False
        #: Whether anything has come.
        self.has_heard = False
        self._held: list[bytes] | None = None
        self._held_octets = 0
        self._half_closed = False
        self._header = b""  # of the record that begins
        self._left = 0  # octets to come of the record that has begun
        directlyProvides(self, *providedBy(transport))
        setattr(transport, "protocol", self)  # noqa: B010  # which no interface has

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    # -- a transport ---------------------------------------------------------------------------

    def hold(self) -> None:
        """Send nothing from now on, until ``release`` or the end."""
        if self._held is None:
            self._held = []
            acknowledge(self.transport)

    def release(self) -> None:
        """Send what was held back, and all that comes."""
        held, self._held = self._held, None
        if held:
            self.transport.write(b"".join(held))

    def write(self, octets: bytes) -> None:
        """Send, or hold back."""
        if self._held is None:
            self.transport.write(octets)
            return
        self._held.append(octets)
        self._held_octets += len(octets)
        if self._held_octets > HELD_OCTETS:
            self.release()

    def loseConnection(self) -> None:  # noqa: N802
        """Send what was held back, and end; if our half is over, with the peer's."""
        self.release()
        if not self._half_closed:
            self.transport.loseConnection()

    def half_close(self) -> None:
        """End our half, behind all that was sent; a socket that is closed with octets unread would
        send a reset, which throws away the last of what was sent."""
        self._half_closed = True
        ITCPTransport(self.transport).loseWriteConnection()

    # -- a protocol ----------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Hand on what came."""
        self.has_heard = True
        self._follow(data)
        if self._held is not None and len(data) < READ_OCTETS:  # else more is there already
            acknowledge(self.transport)
        assert self.wrappedProtocol is not None
        self.wrappedProtocol.dataReceived(data)

    def _follow(self, data: bytes) -> None:
        """See where records end."""
        position = 0
        while position < len(data):
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
            else:
                step = _HEADER_OCTETS - len(self._header)
                self._header += data[position : position + step]
                if len(self._header) == _HEADER_OCTETS:
                    self._left = int.from_bytes(self._header[3:], "big")
                    self._header = b""
            position += step

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """TCP has ended."""
        assert self.wrappedProtocol is not None
        whole = not self._header and not self._left
        self.ended_whole = whole and reason.check(ConnectionDone) is not None
        self.wrappedProtocol.connectionLost(reason)
