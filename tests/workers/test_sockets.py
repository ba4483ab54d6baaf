"""Inherited sockets: which place has which."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.protocol import Factory

from netsuite.workers.sockets import Inherited, InheritedEndpoint

HERE = Path("/home/of/netsuite")


@pytest.fixture
def tcp() -> Iterator[socket.socket]:
    """Return a socket that listens."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def where(tcp: socket.socket) -> str:
    return f"tcp:{tcp.getsockname()[1]}:interface=127.0.0.1"


def test_by_address(tcp: socket.socket) -> None:
    """A socket is that of the place whose string names its address; it is taken once."""
    inherited = Inherited([tcp.fileno()])
    port = tcp.getsockname()[1]
    for other in (f"tcp:{port}", "tcp:0:interface=127.0.0.1", "unix:lmtp.sock", "systemd:x", "no"):
        assert inherited.take("imap.listen", other, HERE) is None
    assert inherited.left == [f"127.0.0.1 port {port}"]
    assert inherited.take("imap.listen", where(tcp), HERE) == tcp.fileno()
    assert inherited.take("imap.listen", where(tcp), HERE) is None
    assert inherited.left == []


def test_by_name(tcp: socket.socket) -> None:
    """A socket with a name is that of the place; two of one name, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as second:
        name = "imap.listen tcp:0"
        inherited = Inherited(named={name: [tcp.fileno(), second.fileno()]})
        assert inherited.take("imap.listen_tls tcp:0", "tcp:0", HERE) is None
        assert inherited.take(name, "tcp:0", HERE) == tcp.fileno()
        assert inherited.take(name, "tcp:0", HERE) == second.fileno()
        assert inherited.take(name, "tcp:0", HERE) is None


def test_a_name_that_has_changed(tcp: socket.socket) -> None:
    """Where a place is written in another way now, its address still finds the socket."""
    inherited = Inherited(named={"imap.listen tcp:of:another:time": [tcp.fileno()]})
    assert inherited.take("imap.listen x", where(tcp), HERE) == tcp.fileno()


def test_addresses() -> None:
    """IPv6 and Unix sockets are found, too, however their address is written."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as made:
        number = made.getsockname()[1]
        inherited = Inherited([made.fileno()])
        description = rf"tcp:{number}:interface=0\:0\:0\:0\:0\:0\:0\:1"
        assert inherited.take("x", description, HERE) == made.fileno()
    with socket.create_server(("::", 0), family=socket.AF_INET6) as made:
        inherited = Inherited([made.fileno()])
        assert inherited.take("x", f"tcp6:{made.getsockname()[1]}", HERE) == made.fileno()


def test_unix(tmp_path: Path) -> None:
    """A Unix socket is found by its path, relative to the home."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "lmtp.sock"))
        made.listen()
        inherited = Inherited([made.fileno()])
        assert inherited.take("x", "unix:other.sock", tmp_path) is None
        assert inherited.take("x", "unix:lmtp.sock:mode=660", tmp_path) == made.fileno()


def test_what_does_not_listen(tcp: socket.socket) -> None:
    """What is no listening socket is nobody's, also where there is no such descriptor."""
    one, other = socket.socketpair()
    read, write = os.pipe()
    with one, other, socket.create_connection(tcp.getsockname()) as client:
        found = Inherited([one.fileno(), client.fileno(), read, 999])
        assert found.left == []
    os.close(read)
    os.close(write)


def test_what_is_left(tcp: socket.socket) -> None:
    """What nobody has taken is closed, where it is ours."""
    with socket.create_server(("127.0.0.1", 0)) as second:
        numbers = [os.dup(tcp.fileno()), os.dup(second.fileno())]
    inherited = Inherited(numbers)
    inherited.take("x", where(tcp), HERE)
    inherited.close_left()
    os.close(numbers[0])
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(numbers[1])


def test_from_systemd() -> None:
    """What is said to another process, or is no number, hands over nothing."""
    for environ in (
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "2"},
        {"LISTEN_FDS": "x", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "-1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "\u0663", "LISTEN_PID": "1"},
    ):
        assert Inherited.from_systemd(environ, 1).left == [], environ


def test_it_is_left_as_it_was(tmp_path: Path) -> None:
    """Whoever listens on a Unix socket, and stops, leaves its mode and its name alone."""
    from twisted.internet.epollreactor import EPollReactor

    reactor = EPollReactor()
    path = tmp_path / "lmtp.sock"
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen()
        path.chmod(0o640)
        heard: list[Any] = []
        InheritedEndpoint(reactor, made.fileno()).listen(Factory()).addBoth(heard.append)
        (port,) = heard
        port.stopListening()
        for _ in range(3):
            reactor.iterate(0)
        assert not port.connected
        assert path.is_socket()
        assert path.stat().st_mode & 0o777 == 0o640
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))  # it still listens
