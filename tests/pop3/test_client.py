"""The POP3 client: against our own server in memory, and against servers that behave oddly."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred

from netsuite.connection import errors
from netsuite.pop3.client import POP3Client, connect
from netsuite.pop3.commands import Stat
from netsuite.pop3.dialog import ClientDialog
from netsuite.store.errors import Busy
from netsuite.testing.cases import SynchronousTestCase
from netsuite.testing.fabric import Fabric
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from tests.connection.joined import JoinedCase, OddServerCase, reached
from tests.connection.unused_tls import CLIENT_TLS
from tests.pop3.fakes import ONE, THREE, TWO, FakeDrop, make_factory
from tests.sasl.fakes import FakeMechanism


class AgainstOurServer(JoinedCase):
    """Client and server, joined in memory."""

    def setUp(self) -> None:
        self.fabric = Fabric()
        self.drop = FakeDrop([ONE, TWO, THREE])
        endpoint = reached(self.fabric, make_factory(self.drop, self.fabric))
        self.client: POP3Client = self.run_(connect(endpoint, clock=self.fabric))

    def log_in(self) -> POP3Client:
        self.run_(self.client.login("alice", "se cret "))
        return self.client

    def test_session(self) -> None:
        """Everything that can be asked is asked, and QUIT removes."""
        client = self.log_in()
        self.assertEqual("EXPIRE" in client.capabilities, True)
        self.assertEqual((3, len(ONE) + len(TWO) + len(THREE)), self.run_(client.stat()))
        self.assertEqual([(1, len(ONE)), (2, len(TWO)), (3, len(THREE))], self.run_(client.list()))
        self.assertEqual([(1, "uid1"), (2, "uid2"), (3, "uid3")], self.run_(client.uidl()))
        self.assertEqual((len(TWO), "uid2"), (self.run_(client.size(2)), self.run_(client.uid(2))))
        got: list[bytes] = []
        self.run_(client.retr(1, got.append))
        self.assertEqual(ONE, b"".join(got))
        got.clear()
        self.run_(client.top(1, 2, got.append))
        self.assertEqual(b"Subject: one\r\n\r\nfirst\r\n.dot\r\n", b"".join(got))
        self.run_(client.dele(2))
        error = self.fail_(client.retr(2, got.append), errors.Refusal)
        self.assertEqual("The message is marked as deleted", error.text)
        self.run_(client.rset())
        self.run_(client.noop())
        self.run_(client.dele(3))
        self.run_(client.quit())
        self.assertEqual([2], self.drop.removed)

    def test_pipelined_retrieval(self) -> None:
        """Many messages come one after the other, those refused among them."""
        self.drop.messages = [b"%d\r\n.\r\n" % n for n in range(100)]
        client = self.log_in()
        self.run_(client.dele(50))
        got: dict[int, list[bytes]] = {}

        def begin(number: int) -> Any:
            return got.setdefault(number, []).append

        refused = self.run_(client.retrieve([*range(1, 101), 999], begin))
        self.assertEqual([50, 999], list(refused))
        self.assertEqual(99, len(got))
        self.assertEqual(b"99\r\n.\r\n", b"".join(got[100]))
        self.assertEqual(b"", got[100][-1])

    def test_files(self) -> None:
        """What takes a message may be a file's own function."""
        client = self.log_in()
        one, two = BytesIO(), BytesIO()
        self.run_(client.retr(1, one.write))
        self.run_(client.retrieve([2], lambda number: two.write))
        self.assertEqual((ONE, TWO + b"\r\n"), (one.getvalue(), two.getvalue()))

    def test_sync(self) -> None:
        """Only what is new is fetched; what was refused is tried again."""
        client = self.log_in()
        got: dict[str, list[bytes]] = {}

        def begin(number: int, name: str) -> Any:
            return got.setdefault(name, []).append

        self.run_(client.dele(1))  # not listed
        known = self.run_(client.sync({"uid2", "gone"}, begin))
        self.assertEqual({"uid2", "uid3"}, known)
        self.assertEqual(["uid3"], list(got))
        self.assertEqual(b"", got["uid3"][-1])
        self.run_(client.rset())
        got.clear()
        self.assertEqual({"uid1", "uid2", "uid3"}, self.run_(client.sync(known, begin)))
        self.assertEqual({"uid1": ONE}, {name: b"".join(each) for name, each in got.items()})

    def test_pipelined_deletion(self) -> None:
        """Many are marked at once; those that cannot be are told."""
        self.drop.messages = [b"x\r\n"] * 40
        client = self.log_in()
        refused = self.run_(client.delete([*range(1, 41), 99, 1]))
        self.assertEqual({1, 99}, set(refused))
        self.run_(client.quit())
        self.assertEqual(list(range(40)), sorted(self.drop.removed))

    def test_languages(self) -> None:
        """The server's languages, one of them, and one that it does not speak."""
        self.assertEqual({"en": "English"}, self.run_(self.client.languages()))
        self.assertTrue(self.run_(self.client.lang()).startswith("en "))
        self.fail_(self.client.lang("tlh"), errors.Refusal)

    def test_utf8(self) -> None:
        """Where it is offered, before a login."""
        self.run_(self.client.utf8())
        self.client.capabilities = {}
        self.fail_(self.client.utf8(), errors.NotOffered)

    def test_slow_disk(self) -> None:
        """While a piece is being written no other is handed out."""
        client = self.log_in()
        waiting: Deferred[None] = Deferred()
        got: list[bytes] = []

        def write(octets: bytes) -> Any:
            got.append(octets)
            return waiting if len(got) == 1 else None

        fetching = self.begin(client.retr(1, write))
        self.assertNoResult(fetching)
        waiting.callback(None)
        self.fabric.settle()
        self.successResultOf(fetching)
        self.assertEqual(ONE, b"".join(got))

    def test_broken_disk(self) -> None:
        """A message that cannot be written ends the session, so that answers cannot be mixed."""

        def write(octets: bytes) -> None:
            raise OSError("full")

        client = self.log_in()
        self.fail_(client.retr(1, write), OSError)
        self.fail_(client.noop(), errors.ConnectionLost)

    def test_logins(self) -> None:
        """SASL with an initial response, with data at the end, and refused."""
        self.assertEqual(("X-DATA", "PLAIN"), self.client.mechanisms)
        for secret in (b"x", b"x" * 500):
            refused = FakeMechanism(secret=secret)
            self.fail_(self.client.authenticate(refused), errors.AuthenticationFailed)
        self.fail_(self.client.login("alice", "wrong"), errors.AuthenticationFailed)
        mechanism = FakeMechanism("X-DATA")
        self.run_(self.client.authenticate(mechanism))
        self.assertTrue(mechanism.done)

    def test_in_use(self) -> None:
        """The server's response code says why."""
        self.drop.in_use = True
        error = self.fail_(self.client.login("alice", "se cret "), errors.TransientRefusal)
        self.assertEqual("IN-USE", error.code)

    def test_quit_that_fails(self) -> None:
        """When nothing could be removed the caller is told."""
        client = self.log_in()
        self.run_(client.dele(1))
        self.drop.error = Busy("")
        self.assertEqual("SYS/TEMP", self.fail_(client.quit(), errors.TransientRefusal).code)

    def test_injection(self) -> None:
        """A caller cannot say two commands in one."""
        self.fail_(self.client.login("alice\r\nQUIT", "x"), LocalProtocolError)


class AgainstOddServers(OddServerCase[POP3Client]):
    """A script in the server's place."""

    def made(self, **more: Any) -> POP3Client:
        return POP3Client(self.fabric, **more)

    def test_old_server(self) -> None:
        """A server without CAPA is used as RFC 1939 says."""
        client = self.start(b"+OK\r\n", b"-ERR what?\r\n")
        self.successResultOf(self.beginning)
        self.assertEqual({}, client.capabilities)
        stat = self.hear(client.stat(), b"+OK 2 320 and more\r\n")
        self.assertEqual((2, 320), self.successResultOf(stat))

    def test_refused_at_once(self) -> None:
        """-ERR instead of a greeting is an error that says so."""
        self.start(b"-ERR [SYS/TEMP] busy\r\n")
        error = self.failureResultOf(self.beginning, errors.Refusal).value
        self.assertEqual(("SYS/TEMP", "busy"), (error.code, error.text))

    def test_stls(self) -> None:
        """Octets behind the go-ahead end the session; no STLS is an error, not clear text."""
        client = self.start(b"+OK\r\n", b"+OK\r\nSTLS\r\n.\r\n")
        securing = self.hear(client.stls(CLIENT_TLS), b"+OK go\r\n+OK evil\r\n")
        self.failureResultOf(securing, errors.TLSFailure)
        client = self.start(b"+OK\r\n", b"+OK\r\n.\r\n")
        self.failureResultOf(client.stls(CLIENT_TLS), errors.NotOffered)

    def test_nonsense(self) -> None:
        """Answers that are none end the session, and cannot fill the memory."""
        for answer in (b"HELLO\r\n", b"+OK x\r\n", b"+OK 1\r\n", b"+OK 1 x\r\n", b"+" * 5000):
            client = self.start(b"+OK\r\n", b"-ERR\r\n")
            self.failureResultOf(self.hear(client.stat(), answer), errors.ProtocolViolation)
        client = self.start(b"+OK\r\n", b"-ERR\r\n")
        listing = self.hear(client.list(), b"+OK\r\n1 2\r\nx y\r\n.\r\n")
        self.failureResultOf(listing, errors.ProtocolViolation)

    def test_not_to_be_trusted(self) -> None:
        """A server that a mechanism does not trust hears a cancel and nothing more."""
        client = self.start(b"+OK\r\n", b"-ERR\r\n")
        self.server.news()
        logging = self.hear(
            client.authenticate(FakeMechanism("X", b"hi")), b"+ ZXZpbA==\r\n", b"-ERR\r\n"
        )
        self.failureResultOf(logging, errors.ProtocolViolation)
        self.assertEqual(b"AUTH X aGk=\r\n*\r\n", self.server.news())

    def test_gone_before_the_next_command(self) -> None:
        """What is said in the moment the connection goes ends at once; QUIT says that it is not
        known what was removed."""

        async def work(client: POP3Client) -> None:
            try:
                await client.stat()
            finally:
                await client.quit()

        for end in (self.server_breaks, self.server_hangs_up):
            client = self.start(b"+OK\r\n", b"-ERR\r\n")
            working = self.begin(work(client))
            end()
            self.failureResultOf(working, errors.ConnectionLost)

    def test_gone_before(self) -> None:
        """On a connection that is gone everything ends at once, what asks ahead as well."""
        for end in (self.server_breaks, self.server_hangs_up):
            client = self.start(b"+OK\r\n", b"+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n")
            end()
            for work in (
                client.noop(),
                client.delete([1, 2, 3]),
                client.retrieve([1, 2, 3], lambda number: lambda octets: None),
                client.sync((), lambda number, name: lambda octets: None),
                client.quit(),
            ):
                self.fail_(work, errors.ConnectionLost)

    def server_breaks(self) -> None:
        self.server.break_()

    def server_hangs_up(self) -> None:
        self.server.hang_up()

    def test_gone_within_a_message(self) -> None:
        """A message that was cut off is an error."""
        client = self.start(b"+OK\r\n", b"-ERR\r\n")
        got: list[bytes] = []
        fetching = self.hear(client.retr(1, got.append), b"+OK\r\nhalf\r\n")
        self.server.hang_up()
        self.failureResultOf(fetching, errors.ConnectionLost)


class TooMany(SynchronousTestCase):
    """A server that says more than it was asked."""

    def test_one_answer_too_many(self) -> None:
        """It is never taken for a later command's."""
        stray = b"+OK stray\r\n"
        for cut in range(1, len(stray) + 1):
            dialog = ClientDialog()
            dialog.receive(b"+OK hi\r\n" + stray[:cut])
            dialog.next_event()
            dialog.send(Stat())
            dialog.receive(stray[cut:])
            with self.assertRaises(RemoteProtocolError) as caught:
                dialog.next_event()
            self.assertTrue(caught.exception.close)
