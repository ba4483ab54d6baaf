"""What has come is acknowledged at once where it is not answered, and only there."""

from __future__ import annotations

import socket
from typing import Any
from unittest import mock

from twisted.internet.tcp import Connection

from netsuite.connection import pump
from netsuite.connection.acknowledging import acknowledge
from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import World


class Noted(socket.socket):
    """Notes what is asked of it."""

    def setsockopt(self, *arguments: Any) -> None:
        self.asked = arguments


class OverTCP(Connection):
    """A transport with a socket, and nothing more."""

    def __init__(self, handle: socket.socket) -> None:
        self._handle = handle

    def getHandle(self) -> socket.socket:
        return self._handle


class Acknowledge(SynchronousTestCase):
    """The system call."""

    def test_below_layers(self) -> None:
        """It is the socket's, whatever stands above; where there is none, nothing is done."""
        for layers in (0, 2):
            with Noted() as handle:
                transport: object = OverTCP(handle)
                for _ in range(layers):
                    transport = mock.Mock(spec=["transport"], transport=transport)
                acknowledge(transport)
                self.assertEqual((socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1), handle.asked)
        acknowledge(object())

    def test_gone(self) -> None:
        """A socket that is closed takes none, and none is missed."""
        handle = socket.socket()
        handle.close()
        acknowledge(OverTCP(handle))


class Commands(SynchronousTestCase):
    """When it is called."""

    def test_in_the_midst(self) -> None:
        """A command that is not whole, and a literal, are acknowledged; what is answered is not."""
        client = World().connect()
        client.say(b"a LOGIN ann secret\r\n")
        message = b"Subject: x\r\n\r\nbody\r\n"
        wanted = (
            (b"b NO", True),
            (b"OP\r\n", False),
            (b"c APPEND INBOX {%d}\r\n" % len(message), False),
            (message[:9], True),
            (message[9:], True),
            (b"\r\nd NOOP\r\n", False),
        )
        for octets, acknowledged in wanted:
            with mock.patch.object(pump, "acknowledge") as noted:
                client.say(octets)
            self.assertEqual(acknowledged, noted.called, octets)
