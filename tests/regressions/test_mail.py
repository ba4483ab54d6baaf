"""SMTP and submission: what a hostile or an untidy peer found."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs

from netsuite.accounts.interfaces import LoginRefused, Submitter, Throttled
from netsuite.accounts.resolver import RecipientResolver
from netsuite.smtp.settings import Mode
from netsuite.store.errors import Busy
from netsuite.testing.cases import SynchronousTestCase, TestCase
from tests.accounts.worlds import DOMAIN, LOCAL, World
from tests.smtp.fakes import Session

ENVELOPE = b"MAIL FROM:<x@y.test>\r\nRCPT TO:<alice@example.test>\r\n"
LOGIN = b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"


class Hostile(SynchronousTestCase):
    """One session, on a memory transport."""

    def test_a_name_in_utf8(self) -> None:
        """EHLO comes before SMTPUTF8: its name is ASCII, and so are replies and trace."""
        session = Session()
        self.assertEqual([501], session.codes("EHLO ü\r\n".encode()))
        self.assertEqual([501], session.codes("HELO ü\r\n".encode()))

    def test_a_chunk_nobody_wants(self) -> None:
        """A BDAT out of order is read to its end, but not for years: one that announces more
        than any message has ends the session at once."""
        session = Session()
        self.assertEqual(b"", session.say(b"BDAT 6\r\n"))
        self.assertEqual([503, 250], session.codes(b"QUIT\r\nNOOP\r\n"))
        self.assertEqual([503], session.codes(b"BDAT 99999999999999999999\r\n"))
        self.assertTrue(session.transport.disconnecting)

    def test_blind_copies_stay_blind(self) -> None:
        """Who is in a submitted message's Bcc is not shown to the others."""
        session = Session(Mode.SUBMISSION)
        session.say(b"EHLO x\r\n" + LOGIN)
        session.say(b"MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n")
        session.say(b"To: bob@example.test\r\nBcc: secret@x.test,\r\n also@x.test\r\n\r\n")
        session.say(b"Bcc: x\r\n.\r\n")
        (delivered,) = session.receiver.delivered
        self.assertNotIn(b"secret", delivered[2])
        self.assertNotIn(b"also", delivered[2])
        self.assertTrue(delivered[2].endswith(b"\r\nTo: bob@example.test\r\n\r\nBcc: x\r\n"))


class Accounts(TestCase):
    """With accounts and a store in memory."""

    async def test_submission_is_a_service_of_its_own(self) -> None:
        """`account services ann submission` lets ann submit: the door hears that word."""
        session = Session(Mode.SUBMISSION)
        self.assertEqual("submission", session.server.channel().protocol)
        self.assertEqual("smtp", Session().server.channel().protocol)

    async def test_mail_to_elsewhere_is_not_taken_and_forgotten(self) -> None:
        """Where nobody empties the queue, an alias that leads to another host puts mail off."""
        world = World()
        await world.account("ann")
        await world.store.accounts.set_alias("away", ["ann@elsewhere.test", "ann"])
        book = RecipientResolver(world.store, world.clock, domains=[DOMAIN], carries_onward=False)
        for _ in range(2):
            with self.assertRaises(Busy):
                await book.resolve("away", DOMAIN)
        self.assertTrue((await book.resolve("ann", DOMAIN)).folders)

    async def test_one_stale_password_does_not_lock_out_an_office(self) -> None:
        """Behind one address a program goes on with an old password: who has logged in from
        there before still can, by a clear password and by SASL; a stranger cannot."""
        world = World()
        for name in ("ann", "bert"):
            await world.account(name)
        await world.authenticator.log_in(LOCAL, "bert", "secret", Submitter)
        for _ in range(20):
            with self.assertRaises(LoginRefused):
                await world.authenticator.log_in(LOCAL, "ann", "old", Submitter)
        entered = await world.authenticator.log_in(LOCAL, "bert", "secret", Submitter)
        self.assertEqual("bert", entered.name)

        async def ask(octets: bytes) -> bytes | None:
            raise AssertionError("PLAIN has no challenge")

        login = world.authenticator.authenticate
        step = await login(LOCAL, "PLAIN", Submitter, ask, b"\0bert\0secret")
        self.assertEqual("bert", step.name)
        with self.assertRaises(Throttled):
            await login(LOCAL, "PLAIN", Submitter, ask, b"\0carl\0secret")


class Flood(SynchronousTestCase):
    """More connections than are served."""

    def test_a_flood_does_not_fill_the_log(self) -> None:
        """Connections that are turned away are told of now and then, not each by each."""
        session = Session(connections=1)
        with capturedLogs() as events:
            for port in range(4001, 4040):
                address = IPv4Address("TCP", "192.0.2.9", port)
                other = session.factory.buildProtocol(address)
                assert other is not None
                other.makeConnection(StringTransport(peerAddress=address))
        told = [each for each in events if str(each.get("log_namespace")).startswith("netsuite")]
        self.assertLessEqual(len(told), 1)
