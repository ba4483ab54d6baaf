"""The client half: replies in order, and clear errors when there are none."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, NoReturn

from twisted.internet.defer import Deferred, ensureDeferred, fail
from twisted.internet.error import (
    ConnectionLost,
    ConnectionRefusedError,
    TCPTimedOutError,
    TimeoutError,
)
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from netsuite.connection import errors
from netsuite.connection.client import ClientConnection, ClientTimeouts, connect
from netsuite.ftp.client import FTPClient
from netsuite.gopher.client import GopherClient
from netsuite.http.client import HTTPClient
from netsuite.imap.client import IMAPClient
from netsuite.nntp.client import NNTPClient
from netsuite.pop3.client import POP3Client
from netsuite.smtp.client.connection import SMTPClient
from netsuite.telnet.client import TelnetClient
from netsuite.telnet.dialog import ClientDialog
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.testing.transport import MemoryTransport
from tests.connection.joined import OddServerCase, Saying, reached
from tests.connection.replies import ReplyDialog


class Client(SynchronousTestCase):
    """A client on a transport in memory."""

    def start(self, **timeouts: Any) -> None:
        self.clock = Clock()
        self.client = ClientConnection(
            ReplyDialog(), self.clock, timeouts=ClientTimeouts(**timeouts)
        )
        self.wire = MemoryTransport()
        self.client.makeConnection(self.wire)

    def test_replies_before_and_after_they_are_awaited(self) -> None:
        """It does not matter which comes first, the reply or who awaits it."""
        self.start()
        self.client.dataReceived(b"one\r\ntwo\r\n")
        for expected in ("one", "two"):
            self.assertEqual(expected, self.successResultOf(ensureDeferred(self.client.receive())))
        third = ensureDeferred(self.client.ask("say"))
        self.assertEqual(b"say\r\n", self.wire.value())
        self.assertNoResult(third)
        self.client.dataReceived(b"three\r\n")
        self.assertEqual("three", self.successResultOf(third))

    def test_order(self) -> None:
        """What comes piece by piece, and is awaited later, comes in the order it was said."""
        self.start()
        for reply in (b"one", b"two", b"three"):
            self.client.dataReceived(reply + b"\r\n")
        for expected in ("one", "two", "three"):
            self.assertEqual(expected, self.successResultOf(ensureDeferred(self.client.receive())))

    def test_unread_replies_stop_reading(self) -> None:
        """A server that talks unasked is not read for ever."""
        self.start()
        self.client.dataReceived(b"x" * 60 + b"\r\n")
        self.client.dataReceived((b"x" * 60 + b"\r\n") * 1100)
        self.assertEqual("paused", self.wire.producerState)
        for _ in range(1101):
            self.successResultOf(ensureDeferred(self.client.receive()))
        self.assertNoResult(ensureDeferred(self.client.receive()))
        self.assertEqual("producing", self.wire.producerState)

    def test_what_came_before_the_end(self) -> None:
        """Replies that had come when the connection went are still given, then the error."""
        self.start()
        self.client.dataReceived(b"one\r\ntwo\r\nthree\r\n")
        self.client.connectionLost(Failure(ConnectionLost()))
        for expected in ("one", "two", "three"):
            self.assertEqual(expected, self.successResultOf(ensureDeferred(self.client.receive())))
        self.failureResultOf(ensureDeferred(self.client.receive()), errors.ConnectionLost)

    def test_no_answer_to_what_was_not_said(self) -> None:
        """What is left over is not taken for the answer to a command said too late."""
        self.start()
        self.client.dataReceived(b"one\r\ntwo\r\n")
        self.client.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(ensureDeferred(self.client.ask("say")), errors.ConnectionLost)

    def test_closed(self) -> None:
        """A server that goes away is an error to who awaits it, then and later."""
        self.start()
        waiting = ensureDeferred(self.client.receive())
        self.client.connectionLost(Failure(ConnectionLost()))
        error = self.failureResultOf(waiting, errors.ConnectionLost).value
        self.assertIsInstance(error.__cause__, ConnectionLost)
        self.failureResultOf(ensureDeferred(self.client.ask("x")), errors.ConnectionLost)

    def test_half_closed(self) -> None:
        """What came before the end is still given."""
        self.start()
        self.client.dataReceived(b"bye\r\n")
        self.client.readConnectionLost()
        self.assertEqual("bye", self.successResultOf(ensureDeferred(self.client.receive())))
        self.failureResultOf(ensureDeferred(self.client.receive()), errors.ConnectionLost)

    def test_broken(self) -> None:
        """A server that breaks the protocol is dropped."""
        self.start()
        waiting = ensureDeferred(self.client.receive())
        self.client.dataReceived(b"!\r\n")
        self.failureResultOf(waiting, errors.ProtocolViolation)
        self.assertTrue(self.wire.disconnected)

    def test_silent(self) -> None:
        """Silence is an error after a time that counts from the last octet."""
        self.start(reply_seconds=10)
        self.clock.advance(100)
        waiting = ensureDeferred(self.client.receive())
        for octet in (b"o", b"n", b"e"):
            self.clock.advance(9)
            self.client.dataReceived(octet)
        self.assertNoResult(waiting)
        self.clock.advance(10)
        self.failureResultOf(waiting, errors.Timeout)
        self.assertTrue(self.wire.disconnected)

    def test_long_reply(self) -> None:
        """A reply may be as long as it likes while it goes on."""
        self.start(reply_seconds=10, write_seconds=20)
        self.client.dataReceived(b"first\r\n")
        self.successResultOf(ensureDeferred(self.client.receive()))
        waiting = ensureDeferred(self.client.receive())
        for _ in range(100):
            self.client.dataReceived(b"x")
            self.clock.advance(9)
        self.client.dataReceived(b"\r\n")
        self.assertEqual("x" * 100, self.successResultOf(waiting))

    def test_patience_for_one_reply(self) -> None:
        """A reply that takes long by nature may be given its own time."""
        self.start(reply_seconds=10)
        waiting = ensureDeferred(self.client.receive(seconds=100))
        self.clock.advance(99)
        self.assertNoResult(waiting)
        self.client.dataReceived(b"a\r\n")
        self.successResultOf(waiting)
        waiting = ensureDeferred(self.client.receive())
        self.clock.advance(10)
        self.failureResultOf(waiting, errors.Timeout)

    def test_total(self) -> None:
        """A connection may have a time in all."""
        self.start(total_seconds=60)
        for _ in range(6):
            waiting = ensureDeferred(self.client.receive())
            self.clock.advance(9)
            self.client.dataReceived(b"a\r\n")
            self.successResultOf(waiting)
        waiting = ensureDeferred(self.client.receive())
        self.clock.advance(6)
        self.failureResultOf(waiting, errors.Timeout)

    def test_server_that_does_not_read(self) -> None:
        """A server that takes nothing of a body is given up."""
        self.start(write_seconds=20)
        self.client.writer.pauseProducing()
        waiting = ensureDeferred(self.client.writer.writable())
        self.clock.advance(20)
        self.assertTrue(self.wire.disconnected)
        self.client.connectionLost(Failure(ConnectionLost()))
        self.failureResultOf(waiting)
        self.failureResultOf(ensureDeferred(self.client.receive()), errors.Timeout)

    def test_closed_by_us(self) -> None:
        """Closing can be awaited."""
        self.start()
        gone = ensureDeferred(self.client.closed())
        self.assertNoResult(gone)
        self.client.connectionLost(Failure(ConnectionLost()))
        self.successResultOf(gone)
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_cancelled(self) -> None:
        """Who gives up waiting may wait again."""
        self.start()
        waiting = ensureDeferred(self.client.receive())
        waiting.cancel()
        self.failureResultOf(waiting)
        again = ensureDeferred(self.client.receive())
        self.client.dataReceived(b"a\r\n")
        self.assertEqual("a", self.successResultOf(again))

    def test_given_up(self) -> None:
        """An answer that nobody awaits any more is never the next one's: the connection goes."""
        self.start()
        asking = ensureDeferred(self.client.ask("one"))
        asking.cancel()
        self.failureResultOf(asking)
        self.client.dataReceived(b"1\r\n")
        self.failureResultOf(ensureDeferred(self.client.ask("two")), errors.ConnectionLost)


class Connecting(SynchronousTestCase):
    """Connections that do not come about."""

    def connect(self, endpoint: Any, clock: Clock) -> Deferred[Any]:
        return ensureDeferred(connect(endpoint, lambda: ClientConnection(ReplyDialog(), clock)))

    def test_refused(self) -> None:
        """The endpoint's own error is told."""

        class Refusing:
            def connect(self, factory: Any) -> Deferred[Any]:
                refused: Deferred[Any] = Deferred()
                refused.errback(ConnectionRefusedError())
                return refused

        error = self.failureResultOf(
            self.connect(Refusing(), Clock()), errors.ConnectionRefused
        ).value
        self.assertIsInstance(error.__cause__, ConnectionRefusedError)

    def test_nobody_answers(self) -> None:
        """Connecting takes no longer than it may."""

        class Silent:
            def connect(self, factory: Any) -> Deferred[Any]:
                return Deferred()

        clock = Clock()
        connecting = self.connect(Silent(), clock)
        clock.advance(30)
        self.failureResultOf(connecting, errors.Timeout)

    def test_nobody_answers_the_endpoint(self) -> None:
        """It is the same where the endpoint, or the system, has given up."""
        for kind in (TCPTimedOutError, TimeoutError):

            class GivingUp:
                def connect(self, factory: Any) -> Deferred[Any]:
                    return fail(kind())  # noqa: B023 - called before the next turn

            self.failureResultOf(self.connect(GivingUp(), Clock()), errors.Timeout)


class Conversation(SynchronousTestCase):
    """Errors tell what was said last."""

    def test_told(self) -> None:
        """The last lines of both sides, and no secret among them."""
        client = ClientConnection(ReplyDialog(), Clock())
        client.makeConnection(MemoryTransport())
        for said, answer in (("USER ann", b"+OK"), ("PASS hunter2", b"+OK"), ("STAT", b"!")):
            asked = ensureDeferred(client.ask(said))
            client.dataReceived(answer + b"\r\n")
        error = self.failureResultOf(asked, errors.ProtocolViolation).value
        told = "\n".join(error.conversation)
        self.assertIn("C: USER ann", told)
        self.assertIn("S: !", told)
        self.assertNotIn("hunter2", told)


class Gone(OddServerCase[ClientConnection[Any, Any]]):
    """The connection goes while something is awaited, and something is said at that moment."""

    make: Callable[[], Any]

    def made(self, **more: Any) -> ClientConnection[Any, Any]:
        made: ClientConnection[Any, Any] = self.make()
        return made

    def test_in_every_client(self) -> None:
        """It ends at once with the same reason, and so does the client's farewell, if in error."""

        def reach(host: str, port: int) -> NoReturn:
            raise AssertionError("no data connection is made")

        makers: list[Callable[[], Any]] = [
            lambda: NNTPClient(self.fabric),
            lambda: FTPClient(self.fabric, reach=reach),
            lambda: SMTPClient(self.fabric, helo="example.org"),
            lambda: POP3Client(self.fabric),
            lambda: IMAPClient(self.fabric),
        ]
        for self.make in makers:
            for end in ("break_", "hang_up", "rubbish"):
                client: Any = self.connected()
                heard: list[object] = []
                working = self.begin(self.work(client, heard))
                if end == "rubbish":
                    self.say(b"\x00 what is this?\r\n")
                else:
                    getattr(self.server, end)()
                kind = errors.ProtocolViolation if end == "rubbish" else errors.ConnectionLost
                self.failureResultOf(working, kind)
                self.assertEqual([kind], heard, (client.name, end))

    async def work(self, client: Any, heard: list[object]) -> None:
        ask = NNTPClient.date if isinstance(client, NNTPClient) else type(client).noop
        try:
            await ask(client)
        except errors.ClientError:
            try:
                await ask(client)
            except errors.ClientError as error:
                heard.append(type(error))
            with contextlib.suppress(errors.ClientError):
                await (client.logout if isinstance(client, IMAPClient) else client.quit)()
            raise

    def test_telnet(self) -> None:
        """What is typed or waited for after the end is told so; what was shown can be read."""
        self.make = lambda: TelnetClient(
            self.fabric, timeouts=ClientTimeouts(), dialog=ClientDialog()
        )
        for end in ("break_", "hang_up"):
            client: Any = self.connected()
            self.fabric.settle()
            self.say(b"login: ")
            getattr(self.server, end)()
            for work in (client.write_line("ann"), client.write_octets(b"x"), client.expect(["x"])):
                self.fail_(work, errors.ConnectionLost)
            self.assertEqual("login: ", self.run_(client.read()))
            self.run_(client.closed())

    def test_article(self) -> None:
        """An article that is being posted when the connection goes is an error of ours."""
        self.make = lambda: NNTPClient(self.fabric)

        async def article() -> AsyncIterator[bytes]:
            yield b"x" * 100
            await going
            yield b"y" * 100

        for end in ("break_", "hang_up"):
            going: Deferred[None] = Deferred()
            client: Any = self.start(b"200 hi\r\n", b"500 what?\r\n")
            posting = self.hear(client.post(article()), b"340 go on\r\n")
            getattr(self.server, end)()
            going.callback(None)
            self.fabric.settle()
            self.failureResultOf(posting, errors.ConnectionLost)

    def test_one_request_each(self) -> None:
        """HTTP and Gopher connect anew for the next request."""
        self.fabric = Fabric()
        web = reached(self.fabric, Saying(b"", close=True))
        client = HTTPClient(self.fabric, endpoint=lambda target: web)
        gopher = GopherClient(web, clock=self.fabric)
        for _ in range(2):
            self.fail_(client.get("http://example.test/"), errors.ConnectionLost)
            self.assertEqual(b"", self.run_(gopher.text("x")))
        self.run_(client.close())
