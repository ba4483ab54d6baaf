"""The protocols that a client offers in its first TLS message, read from its octets.

OpenSSL tells which protocols were offered (ALPN) after it has settled on a certificate, which is
too late where the certificate depends on them.
"""

# The presentation of RFC 8446, 4.1.2 and 5.1, and of RFC 7301, 3.1; all lengths are of octets:
#
#   record         = 22 version(2) length(2) fragment
#   handshake      = 1 length(3) ClientHello              ; in the fragments, put together
#   ClientHello    = version(2) random(32) <session_id 1> <cipher_suites 2> <compression 1>
#                    <extensions 2>
#   extension      = type(2) <data 2>
#   alpn           = 16, <protocol names 2>, each <name 1>

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from OpenSSL import SSL

_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_ALPN: Final = 16
#: What is looked at: a whole record, which has room for any client's first message.
HELLO_OCTETS: Final = 5 + 16_384


class _Short(Exception):
    """There are fewer octets than their lengths say."""


class _Octets:
    """Octets that are taken from the front. Raises ``_Short``."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._octets)

    def take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise _Short
        self._at += count
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count))

    def vector(self, length_octets: int) -> _Octets:
        return _Octets(self.take(self.number(length_octets)))


def offered_protocols(octets: bytes) -> tuple[bytes, ...]:
    """Return the ALPN names that a client offers; none where its message is not whole, or is none.

    Args:
        octets: what it has sent, from its first one.
    """
    try:
        return tuple(_names(_Octets(_handshake(_Octets(octets[:HELLO_OCTETS])))))
    except _Short:
        return ()


def _handshake(records: _Octets) -> bytes:
    """Return the handshake's octets: those of all whole records."""
    fragments = []
    while records:
        try:
            kind, _ = records.number(1), records.take(2)
            fragment = records.take(records.number(2))
        except _Short:
            break
        if kind != _HANDSHAKE:
            break
        fragments.append(fragment)
    return b"".join(fragments)


def _names(handshake: _Octets) -> Iterator[bytes]:
    if handshake.number(1) != _CLIENT_HELLO:
        return
    hello = handshake.vector(3)
    hello.take(2 + 32)
    for length_octets in (1, 2, 1):
        hello.vector(length_octets)
    extensions = hello.vector(2)
    while extensions:
        kind, data = extensions.number(2), extensions.vector(2)
        if kind == _ALPN:
            names = data.vector(2)
            while names:
                yield names.take(names.number(1))


class HelloConnection(SSL.Connection):
    """OpenSSL's side of a connection, which remembers the client's first message."""

    def __init__(self, context: SSL.Context, socket: None) -> None:
        super().__init__(context, socket)
        self._hello = b""
        self._reads = True
        self._proves = False

    def bio_write(self, buf: bytes | bytearray | memoryview) -> int:
        """Accept octets of the client's."""
        if self._reads and len(self._hello) < HELLO_OCTETS:
            self._hello += bytes(buf)
        return super().bio_write(buf)

    def do_handshake(self) -> None:
        """Shake hands; once that is done, the first message is forgotten. Raises as of OpenSSL."""
        super().do_handshake()
        self._hello, self._reads = b"", False

    def offered(self) -> tuple[bytes, ...]:
        """Return the protocols that the client offers, as far as it has said any."""
        return offered_protocols(self._hello)

    def prove(self, context: SSL.Context) -> None:
        """Show the client a certificate that proves something; nothing that it says is read."""
        self.set_context(context)
        self._proves = True

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        """Return what the client says. Raises ZeroReturnError where nothing is to be read."""
        if self._proves:
            raise SSL.ZeroReturnError
        return super().recv(bufsiz, flags)
