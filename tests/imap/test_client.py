"""The client: with our server, and with servers that misbehave, in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from netsuite.connection.client import ClientTimeouts
from netsuite.connection.errors import (
    AuthenticationFailed,
    ConnectionLost,
    NotOffered,
    PermanentRefusal,
    ProtocolViolation,
    Refusal,
    Timeout,
    TLSFailure,
    TransientRefusal,
)
from netsuite.imap.client import Goodbye, IMAPClient, connect
from netsuite.imap.commands import search as key
from netsuite.imap.commands.fetch import BodySection, FetchData, Item, Streamed
from netsuite.imap.commands.requests import StoreAction
from netsuite.imap.commands.responses import Condition, Exists, Tagged
from netsuite.imap.dialog.client import ClientBounds, ClientDialog, LiteralBegins
from netsuite.imap.grammar.compose import Segment
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.server import IMAPServerFactory
from netsuite.sasl import registry
from netsuite.testing.cases import SynchronousTestCase
from netsuite.tls import client_options
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.events import NEED_DATA, BodyChunk, EndOfBody
from tests.connection.joined import JoinedCase, OddServerCase, reached
from tests.imap.cases import RESPONSES
from tests.imap.test_grammar import pieces_of
from tests.imap.world import World

PLAIN = b"From: Ann <ann@example.org>\r\nSubject: hi\r\n\r\nbody\r\n"
ALL = SequenceSet(((1, 0),))


class Dialog(SynchronousTestCase):
    """Responses, however they are cut."""

    def events(self, pieces: list[bytes], held_octets: int = 65_536) -> list[object]:
        dialog = ClientDialog(ClientBounds(held_octets=held_octets))
        tag = b"".join(pieces).partition(b" ")[0]
        dialog.send(Segment(tag + b" NOOP\r\n", last=True, tag=tag))
        events: list[object] = []
        for piece in pieces:
            dialog.receive(piece)
            while (event := dialog.next_event()) is not NEED_DATA:
                events.append(event)
        return events

    def test_every_response(self) -> None:
        """Our client reads every response of the table, whole and in pieces."""
        for octets, _ in RESPONSES:
            whole = self.events([octets])
            self.assertEqual(1, len(whole), octets)
            for pieces in pieces_of(octets):
                self.assertEqual(whole, self.events(pieces), octets)

    def test_text_that_looks_like_a_literal(self) -> None:
        """People's text may end in braces."""
        (event,) = self.events([b"* OK see {5}\r\n"])
        assert isinstance(event, Condition)
        self.assertEqual("see {5}", event.text)
        (event,) = self.events([b"a1 NO {99}\r\n"])
        assert isinstance(event, Tagged)
        self.assertEqual("{99}", event.text)

    def test_large_literals_pass_through(self) -> None:
        """Of a large content only a mark is kept."""
        octets = b"* 7 FETCH (UID 9 BODY[1.2.TEXT]<3> {6}\r\nabcdef RFC822 {5}\r\n12345 UID 9)\r\n"
        for pieces in pieces_of(octets):
            events = self.events(pieces, held_octets=4)
            body = b"".join(each.octets for each in events if isinstance(each, BodyChunk))
            self.assertEqual(b"abcdef12345", body)
            begins = [each for each in events if isinstance(each, LiteralBegins)]
            self.assertEqual([(7, 6), (7, 5)], [(each.number, each.octets) for each in begins])
            self.assertEqual((1, 2), begins[0].section.part)
            self.assertEqual(2, events.count(EndOfBody()))
            last = events[-1]
            assert isinstance(last, FetchData)
            self.assertEqual([Streamed(6), Streamed(5)], list(last.sections.values()))

    def test_before_it_was_said(self) -> None:
        """No completion, and no leave to go on, is taken for what is said only later."""
        for early in (b"n2 OK done\r\n", b"n1 OK twice\r\n", b"+ go\r\n"):
            for cut in range(len(early) + 1):
                dialog = ClientDialog()
                dialog.send(Segment(b"n1 NOOP\r\n", last=True, tag=b"n1"))
                dialog.receive(b"n1 OK done\r\n" + early[:cut])
                self.assertIsInstance(dialog.next_event(), Tagged)
                dialog.send(Segment(b"n2 NOOP\r\n", last=True, tag=b"n2"))
                dialog.receive(early[cut:] + b"n2 OK done\r\n")
                if not cut and early[:2] != b"n1":
                    self.assertNotEqual(NEED_DATA, dialog.next_event())
                    continue
                with self.assertRaises(RemoteProtocolError) as caught:
                    dialog.next_event()
                self.assertTrue(caught.exception.close)

    def test_done_before_it_was_whole(self) -> None:
        """An APPEND whose message has not been sent to its end is not done; it may be refused."""
        for words, refused in ((b"OK done", False), (b"NO full", True)):
            dialog = ClientDialog()
            dialog.send(Segment(b"n1 APPEND x {4}\r\n", last=False, tag=b"n1"))
            dialog.receive(b"n1 " + words + b"\r\n")
            if refused:
                self.assertIsInstance(dialog.next_event(), Tagged)
            else:
                with self.assertRaises(RemoteProtocolError):
                    dialog.next_event()

    def test_bounds(self) -> None:
        """A server cannot fill our memory."""
        dialog = ClientDialog(ClientBounds(held_octets=4, response_octets=100))
        dialog.receive(b'* LIST () "/" {101}\r\n')
        with self.assertRaises(RemoteProtocolError):
            dialog.next_event()
        dialog = ClientDialog(ClientBounds(line_octets=100))
        dialog.receive(b"* OK " + b"x" * 100)
        with self.assertRaises(RemoteProtocolError):
            dialog.next_event()


class WithOurServer(JoinedCase):
    """A session of both our ends."""

    def setUp(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        endpoint = reached(self.fabric, IMAPServerFactory(self.world.shared()))
        self.client = self.run_(connect(endpoint, clock=self.fabric))

    def enter(self) -> None:
        self.run_(self.client.login("ann", "secret"))
        self.run_(self.client.select("INBOX"))

    def test_login(self) -> None:
        """The client knows after a login what it can do now."""
        self.assertIn("AUTH=PLAIN", self.client.capabilities)
        self.run_(self.client.login("ann", "secret"))
        self.assertIn("UIDPLUS", self.client.capabilities)
        self.assertNotIn("AUTH=PLAIN", self.client.capabilities)

    def test_wrong_password(self) -> None:
        """A refusal says which, by its code."""
        error = self.fail_(self.client.login("ann", "wrong"), AuthenticationFailed)
        self.assertEqual("AUTHENTICATIONFAILED", error.code)
        self.assertEqual("Wrong name or password", error.text)
        self.assertEqual(
            "LOGIN was refused: AUTHENTICATIONFAILED Wrong name or password", str(error)
        )
        self.assertNotIn("wrong", "".join(error.conversation))

    def test_sasl(self) -> None:
        """A mechanism's initial response goes early, or where the server asks for it."""
        for early in (True, False):
            self.setUp()
            client = self.client
            if not early:
                client.commands.capabilities -= {"SASL-IR"}
            mechanism = registry.client(
                "PLAIN", nonce=lambda: b"n", username="ann", password="secret"
            )
            assert mechanism is not None
            self.run_(client.authenticate(mechanism))
            self.assertIn("UIDPLUS", client.capabilities)

    def test_select(self) -> None:
        """What SELECT tells is kept, and follows the news."""
        self.world.deliver(PLAIN, PLAIN)
        self.enter()
        mailbox = self.client.mailbox
        assert mailbox is not None
        self.assertEqual(
            (2, 2, 1, 3), (mailbox.messages, mailbox.recent, mailbox.unseen, mailbox.uid_next)
        )
        self.assertIn("\\*", mailbox.permanent_flags)
        self.assertFalse(mailbox.read_only)
        self.world.deliver(PLAIN)
        self.run_(self.client.noop())
        self.assertEqual(3, mailbox.messages)
        self.run_(self.client.store(1, StoreAction.ADD, ["\\Deleted"]))
        self.assertEqual([1], self.run_(self.client.expunge()))
        self.assertEqual(2, mailbox.messages)
        self.assertTrue(self.run_(self.client.examine("INBOX")).read_only)

    def test_mailboxes(self) -> None:
        """Folders in any script, counted and renamed."""
        self.run_(self.client.login("ann", "secret"))
        for name in ("日本語/ü & co", 'a"b\\c'):
            self.run_(self.client.create(name))
            self.run_(self.client.subscribe(name))
        names = {each.mailbox for each in self.run_(self.client.list())}
        self.assertLessEqual({"日本語", "日本語/ü & co", 'a"b\\c', "INBOX"}, names)
        shown = {each.mailbox for each in self.run_(self.client.lsub())}
        first = {"INBOX", "Lists", "Lists/python", "Sent"}  # a new account's
        self.assertEqual({"日本語/ü & co", 'a"b\\c'}, shown - first)
        self.run_(self.client.rename("日本語", "x"))
        self.run_(self.client.delete("x/ü & co"))
        self.assertEqual({"MESSAGES": 0}, self.run_(self.client.status("x")))
        self.assertEqual("Public/", self.run_(self.client.namespace()).shared[0][0])
        self.run_(self.client.create("Bin", special_use="\\Trash"))
        (bin_,) = self.run_(self.client.list("Bin"))
        self.assertIn("\\Trash", bin_.attributes)

    def test_messages(self) -> None:
        """A message is appended, found, read, marked, copied and moved."""
        self.enter()
        for plus in (True, False):
            if not plus:
                self.client.commands.capabilities -= {"LITERAL+"}
            placed = self.run_(self.client.append("INBOX", PLAIN, flags=["\\Seen"]))
            assert placed is not None
            self.assertEqual(7, placed.uid_validity)
        uids = self.run_(self.client.search(key.HeaderHas("Subject", "hi")))
        self.assertEqual([1, 2], uids)
        self.assertEqual([], self.run_(self.client.search(key.BodyHas("ü"))))
        message, _ = self.run_(
            self.client.fetch(
                uids, [Item.FLAGS, Item.ENVELOPE, Item.BODYSTRUCTURE, BodySection(peek=True)]
            )
        )
        self.assertEqual((1, 1), (message.number, message.uid))
        self.assertEqual({"\\Seen", "\\Recent"}, message.flags)
        assert message.envelope is not None
        assert message.structure is not None
        self.assertEqual(b"hi", message.envelope.subject)
        self.assertEqual(b"ann", message.envelope.from_[0].local)
        self.assertEqual((b"text", b"plain"), message.structure.type)
        self.assertEqual({BodySection(): PLAIN}, message.sections)
        (stored,) = self.run_(self.client.store(1, StoreAction.REPLACE, ["$Junk"]))
        self.assertEqual({"$Junk", "\\Recent"}, stored.flags)
        copied = self.run_(self.client.copy(uids, "Sent"))
        assert copied is not None
        assert copied.sources is not None
        self.assertEqual((b"1:2", b"1:2"), (bytes(copied.sources), bytes(copied.uids)))
        moved = self.run_(self.client.move([1], "Sent"))
        assert moved is not None
        self.assertEqual(b"3", bytes(moved.uids))
        assert self.client.mailbox is not None
        self.assertEqual(1, self.client.mailbox.messages)

    def test_large_contents(self) -> None:
        """A large message goes to a consumer in pieces, or is gathered without one."""
        large = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 20_000
        self.enter()

        async def pieces() -> AsyncIterator[bytes]:
            for place in range(0, len(large), 9999):
                yield large[place : place + 9999]

        self.run_(self.client.append("INBOX", pieces(), octets=len(large)))
        taken: list[tuple[int, int, bytes]] = []

        async def consumer(begins: LiteralBegins, chunks: AsyncIterator[bytes]) -> None:
            octets = b"".join([octets async for octets in chunks])
            taken.append((begins.number, begins.octets, octets))

        (message,) = self.run_(self.client.fetch(1, [BodySection()], consumer=consumer))
        self.assertEqual([(1, len(large), large)], taken)
        self.assertEqual({BodySection(): Streamed(len(large))}, message.sections)
        (message,) = self.run_(self.client.fetch(1, [BodySection()]))
        self.assertEqual({BodySection(): large}, message.sections)

    def test_append_that_lies(self) -> None:
        """A message shorter than announced is not sent as if it were whole."""
        self.enter()

        async def pieces() -> AsyncIterator[bytes]:
            yield b"short"

        self.fail_(self.client.append("INBOX", pieces(), octets=100), ValueError)
        self.fail_(self.client.noop(), ConnectionLost)

    def test_pipelining(self) -> None:
        """Several commands are under way at once, each gets its own answer."""
        self.world.deliver(PLAIN)
        self.enter()
        running = (
            ensureDeferred(self.client.noop()),
            ensureDeferred(self.client.search(key.AllMessages())),
            ensureDeferred(self.client.fetch(1, [Item.UID])),
            ensureDeferred(self.client.delete("nope")),
            ensureDeferred(self.client.append("INBOX", PLAIN)),
        )
        self.assertNoResult(running[0])
        self.fabric.settle()
        self.assertIsNone(self.successResultOf(running[0]))
        self.assertEqual([1], self.successResultOf(running[1]))
        self.assertEqual(1, self.successResultOf(running[2])[0].uid)
        self.failureResultOf(running[3], PermanentRefusal)
        placed = self.successResultOf(running[4])
        assert placed is not None
        self.assertEqual(b"2", bytes(placed.uids))

    def test_idle(self) -> None:
        """News come while we wait, and the connection is ours again afterwards."""
        self.enter()
        heard: list[object] = []

        async def listen() -> None:
            async with self.client.idle() as news:
                async for response in news:
                    heard.append(response)
                    if response == Exists(2):
                        break

        listening = self.begin(listen())
        self.world.deliver(PLAIN)
        self.fabric.settle()
        self.assertIn(Exists(1), heard)
        self.world.clock.advance(29 * 60)
        self.fabric.settle()
        sent = self.fabric.connections[0].client.written
        self.assertEqual((2, 1), (sent.count(b" IDLE\r\n"), sent.count(b"DONE\r\n")))
        self.world.deliver(PLAIN)
        self.fabric.settle()
        self.successResultOf(listening)
        self.run_(self.client.noop())

    def test_compression(self) -> None:
        """Everything goes on compressed, large contents and news too."""
        self.enter()
        self.run_(self.client.compress())
        large = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 20_000
        self.run_(self.client.append("INBOX", large))
        (message,) = self.run_(self.client.fetch(1, [BodySection()]))
        self.assertEqual({BodySection(): large}, message.sections)
        self.assertLess(len(self.fabric.connections[0].client.written), 20_000)
        self.fail_(self.client.compress(), NotOffered)
        self.run_(self.client.logout())

    def test_move_without_extensions(self) -> None:
        """Without MOVE, and without UIDPLUS, messages move, and no other goes with them."""
        for missing in ({"MOVE"}, {"MOVE", "UIDPLUS"}):
            for by_uid in (True, False):
                self.setUp()
                self.world.deliver(PLAIN, PLAIN, PLAIN)
                self.enter()
                mailbox = self.client.mailbox
                assert mailbox is not None
                self.client.commands.capabilities -= missing | {"IMAP4REV2"}
                moved = self.run_(self.client.move([1], "Sent", by_uid=by_uid))
                assert moved is not None
                self.assertEqual(b"1", bytes(moved.uids))
                self.assertEqual(2, mailbox.messages)
                self.run_(self.client.store(2, StoreAction.ADD, ["\\Deleted"]))
                self.run_(self.client.move([3], "Sent"))
                left = self.run_(self.client.search(key.AllMessages()))
                self.assertEqual([2, 3] if "UIDPLUS" in missing else [2], left)
                self.assertEqual({"MESSAGES": 2}, self.run_(self.client.status("Sent")))

    def test_what_cannot_be_said(self) -> None:
        """A line end in a password is refused here, and harms nothing."""
        self.fail_(self.client.login("ann", "a\r\nb"), LocalProtocolError)
        self.run_(self.client.login("ann", "secret"))

    def test_logout(self) -> None:
        """LOGOUT ends the connection on both sides."""
        self.run_(self.client.logout())
        self.assertTrue(self.client.lost)
        self.fail_(self.client.noop(), Goodbye)

    def test_goodbye(self) -> None:
        """When the server says BYE, whoever waits hears its words."""
        self.enter()

        async def listen() -> None:
            async with self.client.idle() as news:
                async for _ in news:
                    pass

        listening = self.begin(listen())
        server: Any = self.fabric.connections[0].server.protocol
        server.drain()
        self.fabric.settle()
        self.assertIn("stopping", str(self.failureResultOf(listening, Goodbye).value))


class WithBadServers(OddServerCase[IMAPClient]):
    """What a server can do to us."""

    def made(self, **more: Any) -> IMAPClient:
        return IMAPClient(self.fabric, timeouts=ClientTimeouts(reply_seconds=10.0))

    def greet(self, capabilities: bytes = b"IMAP4rev1 STARTTLS") -> None:
        self.start(b"* OK [CAPABILITY " + capabilities + b"] hello\r\n")
        self.successResultOf(self.beginning)

    def greeted(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Begin something after a greeting."""
        self.greet()
        return self.begin(work())

    def test_greetings(self) -> None:
        """A server that does not want us says so in its greeting."""
        self.start(b"* BYE too busy\r\n")
        self.assertEqual("too busy", str(self.failureResultOf(self.beginning, Goodbye).value))

    def test_data_of_nothing(self) -> None:
        """What came before a command was said is no data of it, glued to the last answer or not."""
        stray = b"* SEARCH 99\r\n"
        for before, after in ((b"", stray), (stray, b"")):
            running = self.greeted(lambda: self.client.noop())
            self.say(b"n1 OK done\r\n" + before)
            self.successResultOf(running)
            if after:
                self.say(after)
            searching = self.begin(self.client.search(key.AllMessages()))
            self.say(b"* SEARCH 1 2\r\nn2 OK done\r\n")
            self.assertEqual([1, 2], self.successResultOf(searching))

    def test_no_greeting(self) -> None:
        """What is no IMAP server is not taken for one."""
        for octets in (b"220 smtp.example.org\r\n", b"a OK\r\n", b"* 3 EXISTS\r\n"):
            self.start(octets)
            self.failureResultOf(self.beginning, ProtocolViolation)

    def test_injection_behind_starttls(self) -> None:
        """Octets in the clear behind the go-ahead are never taken for the server's."""
        running = self.greeted(lambda: self.client.starttls(client_options("localhost")))
        self.say(b"n1 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\nn2 OK done\r\n")
        self.failureResultOf(running, TLSFailure)

    def test_unasked(self) -> None:
        """Answers to nothing end the connection."""
        for octets in (b"n7 OK done\r\n", b"+ go\r\n", b"rubbish\r\n"):
            running = self.greeted(lambda: self.client.noop())
            self.say(octets)
            self.failureResultOf(running, ProtocolViolation)

    def test_silence(self) -> None:
        """A server that says nothing is not waited for without end."""
        running = self.greeted(lambda: self.client.noop())
        self.fabric.advance(11)
        self.failureResultOf(running, Timeout)

    def test_gone(self) -> None:
        """A connection that breaks fails everything under way."""
        running = self.greeted(lambda: self.client.noop())
        other = self.begin(self.client.list())
        self.say(b"* 3 EXI")
        self.server.break_()
        for each in (running, other):
            self.failureResultOf(each, ConnectionLost)

    def test_gone_before(self) -> None:
        """On a connection that is gone nothing waits for the server's leave to go on."""
        self.greet()
        self.server.break_()
        mechanism = registry.client("PLAIN", nonce=lambda: b"n", username="ann", password="secret")
        assert mechanism is not None

        async def idle() -> None:
            async with self.client.idle():
                pass

        for work in (
            self.client.noop(),
            self.client.append("x", b"hello"),
            self.client.authenticate(mechanism),
            idle(),
        ):
            self.fail_(work, ConnectionLost)

    def test_literal_refused(self) -> None:
        """A literal the server does not want is not sent."""
        running = self.greeted(lambda: self.client.append("x", b"hello"))
        self.assertTrue(self.server.heard.endswith(b"n1 APPEND x {5}\r\n"))
        self.say(b"n1 NO [TRYCREATE] no such mailbox\r\n")
        error = self.failureResultOf(running, PermanentRefusal).value
        self.assertEqual("TRYCREATE", error.code)
        self.assertFalse(self.server.heard.endswith(b"hello\r\n"))
        again = self.begin(self.client.noop())
        self.say(b"n2 OK done\r\n")
        self.successResultOf(again)

    def test_refusals(self) -> None:
        """What the server says no with tells whether it is worth another try."""
        for line, kind in [
            (b"NO [UNAVAILABLE] later", TransientRefusal),
            (b"NO [INUSE] later", TransientRefusal),
            (b"NO [LIMIT] too much", TransientRefusal),
            (b"NO [SERVERBUG] oops", TransientRefusal),
            (b"NO [NOPERM] never", PermanentRefusal),
            (b"NO never", PermanentRefusal),
            (b"BAD what?", PermanentRefusal),
        ]:
            running = self.greeted(lambda: self.client.noop())
            self.say(b"n1 " + line + b"\r\n")
            error = self.failureResultOf(running, Refusal).value
            self.assertIs(kind, type(error), line)
            self.assertIn("S: n1 " + line.decode(), error.conversation)
            again = self.begin(self.client.noop())
            self.say(b"n2 OK done\r\n")
            self.successResultOf(again)

    def test_logins_refused(self) -> None:
        """A login that is refused is told from one that cannot be taken now."""
        for line, kind in [
            (b"NO wrong", AuthenticationFailed),
            (b"NO [UNAVAILABLE] later", TransientRefusal),
            (b"BAD what?", PermanentRefusal),
        ]:
            running = self.greeted(lambda: self.client.login("ann", "secret"))
            self.say(b"n1 " + line + b"\r\n")
            self.assertIs(kind, type(self.failureResultOf(running, Refusal).value), line)

    def test_no_starttls(self) -> None:
        """Where the server does not offer STARTTLS nothing is said in the clear."""
        self.greet(b"IMAP4rev1")
        context = client_options("localhost")
        self.fail_(self.client.starttls(context), NotOffered)
        self.assertEqual(b"", self.server.heard)

    def test_a_server_that_cannot_prove_itself(self) -> None:
        """An exchange with a server that is not to be trusted is cancelled, and says so."""
        mechanism = registry.client(
            "SCRAM-SHA-256", nonce=lambda: b"n", username="ann", password="secret"
        )
        assert mechanism is not None
        running = self.greeted(lambda: self.client.authenticate(mechanism))
        self.say(b"+ \r\n")
        self.say(b"+ ZXZpbA==\r\n")
        self.assertTrue(self.server.heard.endswith(b"\r\n*\r\n"), self.server.heard)
        self.say(b"n1 BAD cancelled\r\n")
        self.failureResultOf(running, ProtocolViolation)
        self.assertFalse(self.client.closing)

    def test_gone_while_a_consumer_is_at_work(self) -> None:
        """Whoever waits for a FETCH hears of the end, whatever its consumer waits for."""
        never: Deferred[None] = Deferred()

        async def consumer(begins: LiteralBegins, chunks: AsyncIterator[bytes]) -> None:
            await never

        running = self.greeted(lambda: self.client.fetch(1, [BodySection()], consumer=consumer))
        self.say(b"* 1 FETCH (BODY[] {70000}\r\nab")
        self.server.break_()
        self.failureResultOf(running, ConnectionLost)
