"""What the kernel is asked to do with a connection, on real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.tcp import Connection

from netsuite.connection.acknowledging import acknowledge, keep_alive
from netsuite.testing.fabric import Fabric


@pytest.fixture
def connection() -> Iterator[Connection]:
    """Return one end of a TCP connection, as Twisted has it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.create_connection(port.getsockname()) as end,
    ):
        yield Connection(end, Protocol(), Fabric())  # type: ignore[arg-type]


def test_kept_alive(connection: Connection) -> None:
    """Whatever layers are above it, the kernel asks the peer after a minute, and not for ever."""
    handle = connection.getHandle()
    assert not handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    keep_alive(SimpleNamespace(transport=SimpleNamespace(transport=connection)))
    assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 30
        assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 6


def test_gone(connection: Connection) -> None:
    """Of a connection that is gone, and of what is none, nothing is asked."""
    connection.getHandle().close()
    for transport in (connection, None, object()):
        keep_alive(transport)
        acknowledge(transport)
