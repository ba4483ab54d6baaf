"""The PROXY protocol: believed from those named, refused in every wrong form."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock

from netsuite.connection.proxy import (
    V1_OCTETS,
    V2_SIGNATURE,
    BadProxyHeader,
    ProxyFactory,
    ProxyHeader,
    parse_header,
)
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.transport import MemoryTransport
from tests.connection.lines import shared, taken
from tests.connection.test_factory import LineFactory


def v2(command: int, family: int, rest: bytes, length: int | None = None) -> bytes:
    size = len(rest) if length is None else length
    return V2_SIGNATURE + struct.pack("!BBH", 0x20 | command, family, size) + rest


def four(host: str, port: int) -> IPv4Address:
    return IPv4Address("TCP", host, port)


def six(host: str, port: int) -> IPv6Address:
    return IPv6Address("TCP", host, port)


ADDRESSES4 = bytes([192, 0, 2, 1, 198, 51, 100, 7]) + struct.pack("!HH", 5000, 25)
ADDRESSES6 = bytes(15) + b"\1" + bytes(15) + b"\2" + struct.pack("!HH", 5000, 25)

GOOD: list[tuple[bytes, Any, Any]] = [
    (b"PROXY TCP4 192.0.2.1 198.51.100.7 5000 25\r\n",
     four("192.0.2.1", 5000), four("198.51.100.7", 25)),
    (b"PROXY TCP6 2001:db8::1 ::2 5000 25\r\n", six("2001:db8::1", 5000), six("::2", 25)),
    (b"PROXY UNKNOWN\r\n", None, None),
    (b"PROXY UNKNOWN ffff:f...f:ffff ffff 65535 65535\r\n", None, None),
    (v2(1, 0x11, ADDRESSES4), four("192.0.2.1", 5000), four("198.51.100.7", 25)),
    (v2(1, 0x21, ADDRESSES6), six("::1", 5000), six("::2", 25)),
    (v2(1, 0x11, ADDRESSES4 + b"\x04\x00\x01x"), four("192.0.2.1", 5000), four("198.51.100.7", 25)),
    (v2(0, 0x11, ADDRESSES4), None, None),
    (v2(0, 0x00, b""), None, None),
    (v2(1, 0x00, b"abc"), None, None),
]  # fmt: skip

BAD = [
    b"EHLO there\r\n", b"\x16\x03\x01", b"PROXX", b"PROXY\r\n", b"PROXY TCP4\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 5000\r\n", b"PROXY TCP4 192.0.2.1 198.51.100.7 5000 25\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 05000 25\r\n", b"PROXY TCP4 ::1 ::2 1 2\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.7 5000 65536\r\n", b"PROXY TCP6 192.0.2.1 ::2 1 2\r\n",
    b"PROXY TCP4 192.0.2.256 198.51.100.7 5000 25\r\n", b"PROXY TCP4  192.0.2.1 1.2.3.4 1 2\r\n",
    b"PROXY UDP4 192.0.2.1 198.51.100.7 5000 25\r\n", b"PROXY UNKNOWN" + b"x" * 20 + b"\r\n",
    b"PROXY TCP4 " + b"1" * 200,
    v2(2, 0x11, ADDRESSES4), v2(1, 0x12, ADDRESSES4), v2(1, 0x31, bytes(216)),
    v2(1, 0x11, ADDRESSES4[:11]), v2(1, 0x11, b"", 5000),
    V2_SIGNATURE + b"\x11\x11\0\x0c" + ADDRESSES4,
]  # fmt: skip


class Headers(SynchronousTestCase):
    """Both versions, whole and in part."""

    def test_good(self) -> None:
        """A whole header is read to its end and no further; a part of it is not judged."""
        for octets, source, here in GOOD:
            expected = ProxyHeader(len(octets), source, here)
            self.assertEqual(expected, parse_header(octets))
            self.assertEqual(expected, parse_header(octets + b"EHLO"))
            for cut in range(len(octets)):
                self.assertIs(None, parse_header(octets[:cut]), octets[:cut])

    def test_bad(self) -> None:
        """Whatever else comes is refused."""
        for octets in BAD:
            self.assertRaises(BadProxyHeader, parse_header, octets)


@given(octets=st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: b"PROXY " + rest))
def test_hostile(octets: bytes) -> None:
    """No input does anything but be read, be refused, or be waited for, and not for long."""
    try:
        parse_header(octets)
    except BadProxyHeader:
        return
    with contextlib.suppress(BadProxyHeader):
        assert parse_header(octets + b"x" * (V1_OCTETS + 4200)) is not None


class Service(SynchronousTestCase):
    """A service behind a proxy."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.inner = LineFactory(shared(self.clock))
        self.factory = ProxyFactory(self.inner, self.clock, trusted=["10.0.0.0/8", "::1", "unix"])

    def arrive(self, address: Any) -> MemoryTransport:
        protocol: Any = self.factory.buildProtocol(address)
        wire = MemoryTransport()
        wire.peerAddr = address
        wire.protocol = protocol
        protocol.makeConnection(wire)
        return wire

    def test_through_a_proxy(self) -> None:
        """The client's address is the one the proxy tells; the service never sees the header."""
        for octets, source, _ in GOOD:
            proxy = four("10.1.2.3", 1)
            wire = self.arrive(proxy)
            self.assertEqual([], taken(wire))
            for index in range(len(octets)):
                wire.protocol.dataReceived(octets[index : index + 1])
            self.assertEqual(["+ hello"], taken(wire))
            self.assertEqual((source or proxy).host, wire.protocol.peer.address)
            wire.protocol.dataReceived(b"SAY a\r\n")
            self.assertEqual(["+ a"], taken(wire))

    def test_with_the_first_command(self) -> None:
        """A header in one piece with what follows it."""
        wire = self.arrive(UNIXAddress(""))
        wire.protocol.dataReceived(GOOD[0][0] + b"SAY a\r\n")
        self.assertEqual(["+ hello", "+ a"], taken(wire))

    def test_direct(self) -> None:
        """From elsewhere a connection is what it is, and a header is just a bad command."""
        wire = self.arrive(four("192.0.2.9", 1))
        self.assertEqual(["+ hello"], taken(wire))
        wire.protocol.dataReceived(GOOD[0][0])
        self.assertEqual(["- what?"], taken(wire))
        self.assertEqual("192.0.2.9", wire.protocol.peer.address)

    def test_proxy_without_header(self) -> None:
        """A proxy that tells nothing, or nonsense, is cut off."""
        wire = self.arrive(six("::1", 1))
        wire.protocol.dataReceived(b"SAY a\r\n")
        self.assertTrue(wire.disconnected)
        wire = self.arrive(six("::1", 1))
        self.clock.advance(10)
        self.assertTrue(wire.disconnected)
        self.assertEqual("", wire.value().decode())

    def test_gone(self) -> None:
        """A proxy that goes before its header is whole leaves nothing behind."""
        wire = self.arrive(six("::1", 1))
        wire.protocol.connectionLost()
        self.assertEqual([], self.clock.getDelayedCalls())
        self.assertEqual(0, len(self.inner))

    def test_bad_source(self) -> None:
        """A source that is none is told at start."""
        self.assertRaises(ValueError, ProxyFactory, self.inner, self.clock, trusted=["10.0.0.1/8"])
