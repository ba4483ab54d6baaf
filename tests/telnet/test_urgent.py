"""Urgent octets, on real sockets: they stay where they came."""

from __future__ import annotations

import socket

from netsuite.telnet.urgent import keep_urgent_octets
from netsuite.testing.cases import SynchronousTestCase


class Transport:
    """A transport that has a socket."""

    def __init__(self, handle: object) -> None:
        self._handle = handle

    def getHandle(self) -> object:
        """Return it."""
        return self._handle


class Urgent(SynchronousTestCase):
    """What TCP calls urgent."""

    def test_in_its_place(self) -> None:
        """A DM that comes as urgent is read behind its IAC, and before what follows."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            client = socket.create_connection(listening.getsockname())
            server, _ = listening.accept()
        with client, server:
            keep_urgent_octets(Transport(client))
            server.send(b"a\xff")
            server.send(b"\xf2", socket.MSG_OOB)
            server.send(b"b")
            server.shutdown(socket.SHUT_WR)
            heard = b""
            while piece := client.recv(100):
                heard += piece
        self.assertEqual(b"a\xff\xf2b", heard)

    def test_without(self) -> None:
        """A socket of the machine's own has none, nor has a transport without a socket."""
        here, there = socket.socketpair()
        with here, there:
            keep_urgent_octets(Transport(here))
            self.assertFalse(here.getsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE))
        keep_urgent_octets(Transport(None))
        keep_urgent_octets(object())
