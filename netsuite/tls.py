"""TLS in one place: starting it with an explicit clock, on either side."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IProtocol, IReactorTime
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory


class _OneConnection(Factory):
    """The factory that Twisted's wrapper wants; the protocol is there already."""

    noisy = False


def start_tls(
    protocol: IProtocol, transport: Any, context: Any, clock: IReactorTime, *, client: bool
) -> Any:
    """Put TLS between a protocol that is connected and its transport.

    Not ``transport.startTLS``: that flushes small writes through the global reactor, which
    neither a virtual clock nor a reactor in a thread of its own ever runs.

    Args:
        protocol: gets decrypted octets from now on; its ``connectionMade`` is not called again.
        transport: must hand what it reads to its attribute ``protocol`` (as Twisted's do) or
            ``wrappedProtocol``.
        context: an IOpenSSLServerConnectionCreator or IOpenSSLClientConnectionCreator.
        client: whether we say hello first.

    Returns:
        The transport to write on from now on.
    """
    factory = TLSMemoryBIOFactory(context, client, _OneConnection(), clock=clock)
    wrapper: Any = factory.protocol(factory, protocol, False)
    receiver = "wrappedProtocol" if hasattr(transport, "wrappedProtocol") else "protocol"
    setattr(transport, receiver, wrapper)
    wrapper.makeConnection(transport)
    return wrapper
