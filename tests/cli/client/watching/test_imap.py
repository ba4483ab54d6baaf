"""``netsuite watch`` on a server in memory: what is printed, and what is complained of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure

from netsuite.cli.client.access import Access
from netsuite.cli.client.problems import LoginFailed
from netsuite.cli.client.session import ClientSession, Login
from netsuite.cli.client.urls import BadURL, parse_url
from netsuite.cli.client.watching import Watching as How
from netsuite.cli.client.watching.imap import watch
from netsuite.connection.errors import (
    AuthenticationFailed,
    ClientError,
    ConnectionRefused,
    PermanentRefusal,
)
from netsuite.imap.server import IMAPServerFactory
from tests.connection.joined import reached
from tests.imap.world import World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"


class Watching:
    """A watch under way.

    Args:
        everything: as of the command.
        there: whether anybody listens.
    """

    def __init__(
        self,
        url: str = "imap://127.0.0.1/INBOX",
        login: Login | None = ("ann", "secret"),
        *,
        everything: bool = False,
        there: bool = True,
    ) -> None:
        self.world = World()
        self.fabric = self.world.clock
        self.world.deliver(PLAIN)
        endpoint = reached(self.fabric, IMAPServerFactory(self.world.shared()), port=143)
        if not there:
            self.fabric.ports[0].stopListening()
            self.fabric.settle()

        class Session(ClientSession):
            def endpoint(self, host: str = "", port: int = 0) -> IStreamClientEndpoint:
                return endpoint

        session = Session(self.fabric, parse_url(url), Access(progress=False), login)
        how = How(everything, 30.0, lambda result: result.show(as_json=False))
        self.running: Deferred[None] = ensureDeferred(watch(session, how))
        self.failure: Failure | None = None
        self.running.addErrback(self.failed)
        self.fabric.settle()

    def failed(self, failure: Failure) -> None:
        """Keep what was wrong."""
        self.failure = failure

    def leave(self) -> None:
        """End it, as an interruption does."""
        self.running.cancel()
        self.fabric.advance(6)
        self.fabric.settle()


@pytest.fixture
def watching() -> Iterator[Watching]:
    """Return a watch, and end it."""
    watching = Watching()
    yield watching
    watching.leave()


def test_lines(watching: Watching, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each change, and none for what was there; after a lost connection too."""
    watching.world.deliver(PLAIN, flags=["\\Seen", "$x"])
    watching.fabric.settle()
    assert capsys.readouterr() == ("new 2 $x \\Seen\n", "")
    for connection in watching.fabric.connections:
        connection.server.abortConnection()
    watching.fabric.settle()
    printed, complained = capsys.readouterr()
    assert printed == ""
    assert complained.startswith("netsuite: 127.0.0.1")
    assert complained.endswith(" seconds\n")
    watching.world.deliver(PLAIN)
    watching.fabric.advance(2)
    watching.fabric.settle()
    assert capsys.readouterr() == ("new 3\n", "")


def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    """With --all what is there comes first; without a mailbox it is INBOX."""
    watching = Watching("imap://127.0.0.1/", everything=True)
    assert capsys.readouterr() == ("new 1\n", "")
    watching.leave()
    assert watching.fabric.connections[0].client.disconnected


@pytest.mark.parametrize(
    ("watching", "kind"),
    [
        (lambda: Watching(login=("ann", "wrong")), AuthenticationFailed),
        (lambda: Watching("imap://127.0.0.1/Nowhere"), PermanentRefusal),
        (lambda: Watching(there=False), ConnectionRefused),
        (lambda: Watching("imap://127.0.0.1/INBOX;UID=1"), BadURL),
        (lambda: Watching(login=None), LoginFailed),
    ],
)
def test_errors(watching: type[Watching], kind: type[ClientError]) -> None:
    """What is wrong from the beginning ends it."""
    failure = watching().failure
    assert failure is not None
    assert failure.type is kind
