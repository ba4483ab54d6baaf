"""The NNTP client: against our own server in memory, and against servers that behave oddly."""

# ruff: noqa: E501 - tables read best one case a line

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.connection.errors import (
    AuthenticationFailed,
    ConnectionLost,
    NotOffered,
    PermanentRefusal,
    ProtocolViolation,
    TLSFailure,
    TransientRefusal,
)
from netsuite.nntp import commands as c
from netsuite.nntp.client import NNTPClient, connect
from netsuite.nntp.commands import GroupStatus, Range
from netsuite.nntp.dialog import ClientDialog
from netsuite.nntp.server import NNTPServer
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.certificates import authority
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from tests.connection.joined import JoinedCase, OddServerCase, reached
from tests.connection.unused_tls import CLIENT_TLS
from tests.nntp.fakes import HOST, NOW, World, article, xref
from tests.sasl.fakes import FakeMechanism

HEADER = b"From: Ann <ann@example.test>\r\nNewsgroups: misc.test\r\nSubject: hi\r\n"


class Joined(JoinedCase):
    """Client and server, joined in memory."""

    tls_context: Any = None

    def setUp(self) -> None:
        self.world = World()
        self.fabric = self.world.clock
        self.factory = self.world.factory(self.tls_context)
        endpoint = reached(self.fabric, self.factory)
        self.client: NNTPClient = self.run_(connect(endpoint, clock=self.fabric))


async def gathered(lines: AsyncIterator[Any]) -> list[Any]:
    return [each async for each in lines]


class AgainstOurServer(Joined):
    """Everything that can be asked."""

    def test_session(self) -> None:
        """A whole session of a reader."""
        client = self.client
        self.assertTrue(client.posting_allowed)
        self.assertIn("OVER", client.capabilities)
        self.assertEqual(GroupStatus("misc.test", 3, 1, 3), self.run_(client.group("misc.test")))
        status, numbers = self.run_(client.listgroup("misc.test", Range(2, None)))
        self.assertEqual((3, [2, 3]), (status.count, numbers))
        self.assertEqual("<1@example.test>", self.run_(client.stat()).message_id)
        self.assertEqual(2, self.run_(client.next()).number)
        self.assertEqual(1, self.run_(client.last()).number)
        got: list[bytes] = []
        self.assertEqual(2, self.run_(client.article(2, got.append)).number)
        given = xref("misc.test:2") + article(2)
        self.assertEqual(given, b"".join(got))
        got.clear()
        self.run_(client.head("<2@example.test>", got.append))
        self.run_(client.body_of(2, got.append))
        self.assertEqual(given.replace(b"\r\n\r\n", b"\r\n"), b"".join(got))
        lines = self.run_(gathered(client.over(Range(1, 2))))
        self.assertEqual(["number 1", "number 2"], [line.subject for line in lines])
        self.assertEqual((len(given), 1), (lines[0].octets, lines[0].lines))
        self.assertEqual({"xref": f"{HOST} misc.test:1"}, lines[0].others)
        self.assertEqual([(1, "number 1")], self.run_(client.hdr("Subject", Range(1, 1))))
        groups = self.run_(client.list_active("misc.*,!misc.c*"))
        self.assertEqual([("misc.empty", "y"), ("misc.moderated", "m"), ("misc.test", "y")],
                         [(each.name, each.status) for each in groups])  # fmt: skip
        self.assertEqual({"misc.test": "For tests"}, self.run_(client.list_newsgroups("*.test")))
        self.assertEqual("Subject:", self.run_(client.list("OVERVIEW.FMT"))[0])
        self.assertEqual(5, len(self.run_(client.newgroups(NOW - timedelta(days=1)))))
        self.assertEqual([], self.run_(client.newgroups(NOW + timedelta(days=1))))
        new = self.run_(gathered(client.newnews("misc.*", NOW - timedelta(days=1))))
        self.assertEqual([f"<{number}@example.test>" for number in (1, 2, 3)], new)
        self.assertEqual(datetime(2026, 3, 1, 12, tzinfo=UTC), self.run_(client.date()))
        self.assertTrue(self.run_(client.help()))
        self.assertTrue(self.run_(client.mode_reader()))
        self.run_(client.quit())
        self.fail_(client.date(), ConnectionLost)

    def test_refusals(self) -> None:
        """What is refused carries the server's code, and the session goes on."""
        client = self.client
        for work, code in [
            (client.group("no.where"), 411), (client.stat(), 412), (client.stat("<no@where>"), 430),
            (client.listgroup("no.where"), 411), (client.next(), 412), (client.hdr(":x"), 503),
            (client.list("MOTD"), 503), (client.list_active("[a]"), 501), (client.post(b""), 480),
            (gathered(client.over()), 412), (client.article(1, print), 412),
        ]:  # fmt: skip
            self.assertEqual(code, self.fail_(work, PermanentRefusal).code)

    def test_posting(self) -> None:
        """An article in one piece and in many, dot-stuffed; a refused one says why."""
        client = self.client
        self.run_(client.login("ann", "se cret"))
        self.assertNotIn("AUTHINFO", client.capabilities)
        body = b"\r\n.dot\r\n..\r\nbare\nlf"

        async def pieces() -> AsyncIterator[bytes]:
            for octet in HEADER + body:
                yield bytes([octet])

        self.assertIn("<word1@", self.run_(client.post(HEADER + body)))
        self.assertIn("<word2@", self.run_(client.post(pieces())))
        for stored in self.world.stored()[-2:]:
            self.assertTrue(stored.endswith(b"\r\n\r\n.dot\r\n..\r\nbare\r\nlf\r\n"), stored)
        error = self.fail_(client.post(b"Subject: x\r\n\r\n"), PermanentRefusal)
        self.assertEqual(441, error.code)
        self.run_(client.date())

    def test_many_at_once(self) -> None:
        """Articles asked for ahead come in order, those refused among them."""
        for number in range(4, 101):
            self.world.put(article(number, body="." * (number % 3) + "\r\n"))
        self.world.remove(50)
        self.run_(self.client.group("misc.test"))
        got: dict[int | str, list[bytes]] = {}
        wanted = [*range(1, 101), "<no@where>", "<3@example.test>"]
        refused = self.run_(self.client.fetch(wanted, lambda n: got.setdefault(n, []).append))
        self.assertEqual({50: 423, "<no@where>": 430}, {n: s.code for n, s in refused.items()})
        self.assertEqual(100, len(got))
        self.assertEqual(xref("misc.test:100") + article(100, body=".\r\n"), b"".join(got[100]))
        self.assertEqual(b"", got[100][-1])

    def test_slow_disk(self) -> None:
        """While a piece is being written no other is handed out."""
        waiting: Deferred[None] = Deferred()
        fetching = self.begin(self.client.article("<1@example.test>", lambda _: waiting))
        self.assertNoResult(fetching)
        waiting.callback(None)
        self.fabric.settle()
        self.successResultOf(fetching)

    def test_what_cannot_be_written(self) -> None:
        """A listing or article that is given up ends the session: answers cannot be mixed."""

        def write(octets: bytes) -> None:
            raise OSError("full")

        self.fail_(self.client.article("<1@example.test>", write), OSError)
        self.fail_(self.client.date(), ConnectionLost)

    def test_logins(self) -> None:
        """SASL with an initial response, a long one, with data at the end, and refused."""
        self.assertEqual(("X-DATA", "PLAIN"), self.client.mechanisms)
        self.fail_(self.client.authenticate(FakeMechanism(secret=b"x")), AuthenticationFailed)
        self.fail_(self.client.authenticate(FakeMechanism(secret=b"x" * 600)), AuthenticationFailed)
        self.fail_(self.client.login("ann", "wrong"), AuthenticationFailed)
        mechanism = FakeMechanism("X-DATA", b"\0ann\0se cret")
        self.run_(self.client.authenticate(mechanism))
        self.assertEqual(b"v=x", mechanism.data)

    def test_injection(self) -> None:
        """A caller cannot say two commands in one."""
        for work in (
            self.client.group("a\r\nPOST"), self.client.login("a\0", "b"), self.client.stat("<a>\r\n"),
            self.client.list_active("a b"), self.client.hdr("a\r\nb"),
        ):  # fmt: skip
            self.fail_(work, LocalProtocolError)
        self.run_(self.client.date())


class UnderTLS(Joined):
    """STARTTLS with both our ends (RFC 4642)."""

    tls_context = authority.server_context()
    options = authority.client_options("localhost")

    def setUp(self) -> None:
        super().setUp()
        self.world.authenticator.passwords = False

    def test_login_under_tls(self) -> None:
        """A password is refused in the clear with 483 and taken under TLS; state is forgotten."""
        self.assertIn("STARTTLS", self.client.capabilities)
        refused = self.fail_(self.client.login("ann", "se cret"), AuthenticationFailed)
        self.assertEqual(483, refused.code)
        self.run_(self.client.group("misc.test"))
        self.run_(self.client.starttls(self.options))
        self.assertNotIn("STARTTLS", self.client.capabilities)
        self.assertEqual(412, self.fail_(self.client.stat(), PermanentRefusal).code)
        self.fail_(self.client.starttls(self.options), NotOffered)
        self.assertEqual(502, self.run_(self.client._say(c.StartTLS())).code)
        self.run_(self.client.login("ann", "se cret"))

    def test_commands_behind_it(self) -> None:
        """What came in the clear behind STARTTLS is never executed."""
        (server,) = self.factory
        self.client.writer.write(b"STARTTLS\r\nGROUP misc.test\r\nDATE\r\n")
        self.fabric.settle()
        said = self.fabric.connections[0].server.written
        self.assertTrue(said.endswith(b".\r\n382 Continue with TLS negotiation\r\n"), said[-80:])
        assert isinstance(server, NNTPServer)
        self.assertIsNone(server.group)


class AgainstOddServers(OddServerCase[NNTPClient]):
    """A script in the server's place."""

    def made(self, **more: Any) -> NNTPClient:
        return NNTPClient(self.fabric, **more)

    def test_old_server(self) -> None:
        """A server of RFC 977 is used as well as it can be."""
        client = self.start(b"201 hi\r\n", b"500 what?\r\n")
        self.successResultOf(self.beginning)
        self.assertFalse(client.posting_allowed)
        self.assertEqual({}, client.capabilities)
        group = self.hear(client.group("a.b"), b"211 10 1 12\r\n")
        self.assertEqual(GroupStatus("a.b", 10, 1, 12), self.successResultOf(group))

    def test_mode_switching(self) -> None:
        """A server that is a feed first is asked for its reader's side."""
        self.start(b"200 hi\r\n", b"101 \r\nVERSION 2\r\nMODE-READER\r\n.\r\n", b"201 reader\r\n",
                   b"101 \r\nVERSION 2\r\nREADER\r\nXOVER\r\n.\r\n")  # fmt: skip
        self.successResultOf(self.beginning)
        self.assertEqual(b"CAPABILITIES\r\nMODE READER\r\nCAPABILITIES\r\n", self.server.news())
        over = self.hear(
            gathered(self.client.over(Range(1, 1))), b"224 \r\n1\ta\tb\t\t<c@d>\r\n.\r\n"
        )
        (line,) = self.successResultOf(over)
        self.assertEqual(("<c@d>", "", None), (line.message_id, line.references, line.octets))
        self.assertEqual(b"XOVER 1\r\n", self.server.news())

    def test_refused_at_once(self) -> None:
        """400 instead of a greeting is an error that says so."""
        self.start(b"400 busy\r\n")
        error = self.failureResultOf(self.beginning, TransientRefusal).value
        self.assertEqual(400, error.code)

    def test_starttls(self) -> None:
        """Octets behind the go-ahead end the session; no STARTTLS is an error, not clear text."""
        client = self.start(b"200\r\n", b"101\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n")
        securing = self.hear(client.starttls(CLIENT_TLS), b"382 go\r\n200 evil\r\n")
        self.failureResultOf(securing, TLSFailure)
        client = self.start(b"200\r\n", b"101\r\nVERSION 2\r\n.\r\n")
        self.failureResultOf(client.starttls(CLIENT_TLS), NotOffered)

    def test_nonsense(self) -> None:
        """Answers that are none end the session, and cannot fill the memory."""
        for answer in (
            b"HELLO\r\n", b"211 x\r\n", b"211 1 2\r\n", b"211 1 2 x\r\n", b"2" * 20_000, b"340 post\r\n",
            b"383 x\r\n", b"111 20260101000000\r\n", b"211 1 2 3\r\n211 1 2 3\r\n",
        ):  # fmt: skip
            client = self.start(b"200\r\n", b"500\r\n")
            first = self.hear(client.group("a"), answer)
            if answer.endswith(b"3\r\n"):
                self.successResultOf(first)
                first = self.hear(client.group("a"))
            self.failureResultOf(first, ProtocolViolation)
        client = self.start(b"200\r\n", b"500\r\n")
        listing = self.hear(client.list_active(), b"215\r\na 1 2 y\r\nx y\r\n.\r\n")
        self.failureResultOf(listing, ProtocolViolation)
        client = self.start(b"200\r\n", b"500\r\n")
        listing = self.hear(client.list_active(), b"215\r\n", b"x" * 70_000)
        self.failureResultOf(listing, ProtocolViolation)

    def test_not_to_be_trusted(self) -> None:
        """A server that a mechanism does not trust hears a cancel and nothing more."""
        client = self.start(b"200\r\n", b"500\r\n")
        self.server.news()
        logging = self.hear(
            client.authenticate(FakeMechanism("X", b"hi")), b"383 ZXZpbA==\r\n", b"481\r\n"
        )
        self.failureResultOf(logging, ProtocolViolation)
        self.assertEqual(b"AUTHINFO SASL X aGk=\r\n*\r\n", self.server.news())

    def test_errors_tell_the_conversation(self) -> None:
        """An error has the last lines that were said, without the password."""
        client = self.start(b"200\r\n", b"500\r\n")
        logging = self.hear(client.login("ann", "se cret"), b"381 go on\r\n", b"481 wrong\r\n")
        error = self.failureResultOf(logging, AuthenticationFailed).value
        self.assertEqual((481, "wrong"), (error.code, error.text))
        self.assertEqual("S: 481 wrong", error.conversation[-1])
        self.assertNotIn("se cret", "".join(error.conversation))
        later = self.hear(client.group("a"), b"403 broken\r\n")
        self.assertEqual(403, self.failureResultOf(later, TransientRefusal).value.code)

    def test_gone_within_an_article(self) -> None:
        """An article that was cut off is an error; so is one whose fate is not known."""
        client = self.start(b"200\r\n", b"500\r\n")
        got: list[bytes] = []
        fetching = self.hear(client.article(1, got.append), b"220 1 <a@b>\r\nhalf\r\n")
        self.server.hang_up()
        self.failureResultOf(fetching, ConnectionLost)
        client = self.start(b"200\r\n", b"500\r\n")
        posting = self.hear(client.post(b"x"), b"340 go\r\n")
        self.server.hang_up()
        self.failureResultOf(posting, ConnectionLost)


class TooMany(SynchronousTestCase):
    """A server that says more than it was asked."""

    def test_one_answer_too_many(self) -> None:
        """It is never taken for a later command's."""
        stray = b"205 stray\r\n"
        for cut in range(1, len(stray) + 1):
            dialog = ClientDialog()
            dialog.receive(b"200 hi\r\n" + stray[:cut])
            dialog.next_event()
            dialog.send(c.Date())
            dialog.receive(stray[cut:])
            with self.assertRaises(RemoteProtocolError) as caught:
                dialog.next_event()
            self.assertTrue(caught.exception.close)
