"""TLS with faults: bad certificates, handshakes that never end, closing without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from netsuite.testing.certificates import authority, unknown_authority
from netsuite.testing.faults.kinds import TLSFault

#: Makes OpenSSL's side of a connection.
Create = Callable[[TLSMemoryBIOProtocol], SSL.Connection]
#: The name in a certificate that is for somebody else.
WRONG_NAME: Final = "wrong.invalid"


class StalledConnection(SSL.Connection):
    """Reads what the client says of a handshake, and never says anything."""

    def do_handshake(self) -> None:
        """Wait for more."""
        raise SSL.WantReadError


class UnclosedConnection(SSL.Connection):
    """Says nothing of its end."""

    def shutdown(self) -> bool:
        """Be done with it."""
        return True


_BAD_CERTIFICATES: Final[dict[TLSFault, Callable[[], IOpenSSLServerConnectionCreator]]] = {
    TLSFault.EXPIRED: lambda: authority.server_context(expired=True),
    TLSFault.WRONG_NAME: lambda: authority.server_context(WRONG_NAME),
    TLSFault.UNKNOWN_AUTHORITY: unknown_authority.server_context,
}


def faulty(fault: TLSFault, create: Create, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
    """Return OpenSSL's side of a connection with a fault.

    Args:
        create: makes it without.
    """
    bad = _BAD_CERTIFICATES.get(fault)
    if bad is not None:
        connection: SSL.Connection = bad().serverConnectionForTLS(protocol)
    else:
        kind = StalledConnection if fault is TLSFault.STALLED else UnclosedConnection
        connection = kind(create(protocol).get_context(), None)
    connection.set_accept_state()
    return connection


@implementer(IOpenSSLServerConnectionCreator)
class FaultyTLS:
    """The TLS of a server, which rules may break.

    Args:
        create: makes connections without a fault.
        fault: asked for each connection which it has.
    """

    def __init__(self, create: Create, fault: Callable[[], TLSFault | None]) -> None:
        self._create = create
        self._fault = fault

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Return OpenSSL's side of a new connection."""
        fault = self._fault()
        if fault is None:
            return self._create(tlsProtocol)
        return faulty(fault, self._create, tlsProtocol)


def break_factory(factory: object, fault: Callable[[], TLSFault | None]) -> None:
    """Have TLS of a factory that brings it from the first octet begun by the rules; nothing where
    it brings none, at whatever depth."""
    while factory is not None:
        if isinstance(factory, TLSMemoryBIOFactory):
            # Twisted has no way to ask what it was made with: this is where it looks.
            factory._creatorCallable = FaultyTLS(
                factory._creatorCallable, fault
            ).serverConnectionForTLS
            return
        factory = getattr(factory, "wrappedFactory", None)
