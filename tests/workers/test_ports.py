"""The sockets that a parent has bound."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor

from netsuite.openings import Place
from netsuite.workers.ports import Ports
from netsuite.workers.sockets import Inherited

ANYWHERE = Place("imap", "listen", "tcp:0:interface=127.0.0.1")
OTHER = Place("pop3", "listen", "tcp:0:interface=127.0.0.1")


@pytest.fixture
def reactor() -> EPollReactor:
    """Return a reactor that does not run."""
    return EPollReactor()


@pytest.fixture
def ports(reactor: EPollReactor, tmp_path: Path) -> Iterator[Ports]:
    """Return the ports of nobody, closed afterwards."""
    made = Ports(reactor, tmp_path, Inherited())
    yield made
    close(made, reactor, [])


def close(ports: Ports, reactor: EPollReactor, kept: list[Place]) -> list[str]:
    """Close all but some; return what was closed."""
    closed: list[list[str]] = []
    Deferred.fromCoroutine(ports.keep(kept)).addCallback(closed.append)
    while not closed:
        reactor.iterate(0.01)
    return closed[0]


def test_each_place_once(ports: Ports, reactor: EPollReactor) -> None:
    """What is bound stays as it is; what is new is bound, what is gone is closed. Two places may be
    written alike."""
    assert ports.bind([ANYWHERE, ANYWHERE]) == []
    first = ports.descriptors([ANYWHERE])
    assert [len(each) for each in first.values()] == [2]
    assert ports.bind([ANYWHERE, ANYWHERE, OTHER]) == []
    both = ports.descriptors([ANYWHERE, OTHER])
    assert both[ANYWHERE.name] == first[ANYWHERE.name]
    assert list(both) == [ANYWHERE.name, OTHER.name]
    assert close(ports, reactor, [ANYWHERE]) == [
        "imap on tcp:0:interface=127.0.0.1",
        "pop3 on tcp:0:interface=127.0.0.1",
    ]
    assert ports.descriptors([ANYWHERE, OTHER]) == {ANYWHERE.name: first[ANYWHERE.name][:1]}


def test_nobody_is_accepted(ports: Ports, reactor: EPollReactor) -> None:
    """Who connects waits in the kernel's queue."""
    ports.bind([ANYWHERE])
    (descriptor,) = ports.descriptors([ANYWHERE])[ANYWHERE.name]
    with (
        socket.socket(fileno=os.dup(descriptor)) as bound,
        socket.create_connection(bound.getsockname(), 5) as client,
    ):
        for _ in range(3):
            reactor.iterate(0.01)
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        bound.setblocking(False)
        bound.accept()[0].close()


def test_what_cannot_be_bound(ports: Ports) -> None:
    """Each problem is a line that says what to change; the others are bound."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"
        first, second, third = ports.bind(
            [
                Place("imap", "listen", where),
                ANYWHERE,
                Place("pop3", "listen", "haproxy:tcp:0"),
                Place("nntp", "listen", "tcp:http"),
            ]
        )
    assert first.startswith(f"imap cannot listen on {where}: Address already in use; change imap.")
    assert "pop3.listen: 'haproxy:tcp:0' cannot be handed to a worker" in second
    assert "is no endpoint (the port must be a number" in third
    assert list(ports.descriptors([ANYWHERE])) == [ANYWHERE.name]


def test_another_way_to_write_it(ports: Ports, reactor: EPollReactor) -> None:
    """A place whose address is that of one that is no longer wanted has its socket, and until then
    both have it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    old = Place("imap", "listen", f"tcp:{number}:interface=127.0.0.1")
    new = Place("imap", "listen", f"tcp:{number}:interface=127.0.0.1:backlog=50")
    assert ports.bind([old]) == []
    before = ports.descriptors([old])[old.name]
    assert ports.bind([new]) == []
    assert ports.descriptors([old, new]) == {old.name: before, new.name: before}
    assert close(ports, reactor, [new]) == []
    assert ports.descriptors([old, new]) == {new.name: before}
    os.fstat(before[0])


def test_sockets_in_the_home(ports: Ports, reactor: EPollReactor, tmp_path: Path) -> None:
    """They wait until the home is there; a dead one is replaced; they go with the daemon."""
    place = Place("lmtp", "listen", "unix:lmtp.sock:mode=660")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "lmtp.sock"))
    assert ports.bind([place], at_home=False) == []
    assert ports.descriptors([place]) == {}
    assert ports.bind([place]) == []
    assert len(ports.descriptors([place])) == 1
    assert (tmp_path / "lmtp.sock").stat().st_mode & 0o777 == 0o660
    close(ports, reactor, [])
    assert not (tmp_path / "lmtp.sock").exists()
