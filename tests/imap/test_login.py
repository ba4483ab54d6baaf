"""Around a login: another account on the same connection, compression, UTF-8."""

from __future__ import annotations

import zlib

from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import Client, World


class Leaving(SynchronousTestCase):
    """UNAUTHENTICATE (RFC 8437)."""

    def test_another_account(self) -> None:
        """All is as before the login; the next one may be pipelined, and is somebody else."""
        world = World()
        world.deliver(b"Subject: x\r\n\r\n")
        client = world.enter()
        client.say(b"a ENABLE QRESYNC UTF8=ACCEPT\r\n")
        answer = client.say(
            b"a UNAUTHENTICATE\r\nb SELECT INBOX\r\nc LOGIN ben secret\r\nd SELECT INBOX\r\n"
        )
        lines = answer.split(b"\r\n")
        self.assertTrue(lines[0].startswith(b"a OK [CAPABILITY IMAP4rev1 "), lines)
        self.assertIn(b"AUTH=PLAIN", lines[0])
        self.assertNotIn(b"UNAUTHENTICATE", lines[0])
        self.assertEqual(b"b BAD not now: nobody has logged in", lines[1])
        self.assertIn(b" UNAUTHENTICATE", lines[2])
        self.assertIn(b"* 0 EXISTS", lines)
        self.assertEqual(1, world.authenticator.logged_out)
        session = client.server
        self.assertEqual(
            (False, False, False), (session.modseqs, session.vanished, session.dialog.utf8)
        )
        world.deliver(b"Subject: x\r\n\r\n")
        self.assertEqual([b"e OK Nothing done"], client.lines(b"e NOOP"))

    def test_not_now(self) -> None:
        """There must be somebody who leaves."""
        client = World().connect()
        client.heard()
        self.assertEqual(
            [b"a BAD not now: nobody has logged in"], client.lines(b"a UNAUTHENTICATE")
        )


class Compressed:
    """The other end of a connection that is compressed."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.deflater = zlib.compressobj(wbits=-15)
        self.inflater = zlib.decompressobj(-15)

    def deflated(self, octets: bytes) -> bytes:
        return self.deflater.compress(octets) + self.deflater.flush(zlib.Z_SYNC_FLUSH)

    def say(self, octets: bytes) -> bytes:
        return self.say_deflated(self.deflated(octets))

    def say_deflated(self, octets: bytes) -> bytes:
        self.client.transport.protocol.dataReceived(octets)
        return self.inflater.decompress(self.client.heard())


class Compressing(SynchronousTestCase):
    """COMPRESS (RFC 4978)."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(b"Subject: x\r\n\r\n" + b"y" * 3000 + b"\r\n")
        self.client = self.world.enter()

    def begun(self) -> Compressed:
        self.assertEqual(
            b"a OK Compressing from here on\r\n", self.client.say(b"a COMPRESS DEFLATE\r\n")
        )
        return Compressed(self.client)

    def test_both_ways(self) -> None:
        """From the OK on all is compressed, and all of an answer can be inflated at once."""
        end = self.begun()
        self.assertEqual(b"b OK Nothing done\r\n", end.say(b"b NOOP\r\n"))
        answer = end.say(b"c FETCH 1 BODY.PEEK[]\r\nd NOOP\r\n")
        self.assertIn(b"y" * 3000, answer)
        self.assertTrue(answer.endswith(b"\r\nd OK Nothing done\r\n"))
        self.assertLess(len(self.client.transport.writes[-1]), 200)
        octets = end.deflated(b"e NOOP\r\n")
        said = [end.say_deflated(octets[at : at + 1]) for at in range(len(octets))]
        self.assertEqual(b"e OK Nothing done\r\n", b"".join(said))
        self.assertEqual(b"* BYE Goodbye\r\nf OK Logged out\r\n", end.say(b"f LOGOUT\r\n"))
        self.assertTrue(self.client.transport.closed)

    def test_news_while_idling(self) -> None:
        """What nobody asked for is compressed as well."""
        end = self.begun()
        self.assertEqual(b"+ idling\r\n", end.say(b"b IDLE\r\n"))
        self.world.deliver(b"Subject: z\r\n\r\n")
        self.client.clock.advance(0)
        heard = end.inflater.decompress(self.client.heard())
        self.assertEqual(b"* 2 EXISTS\r\n* 2 RECENT\r\n", heard)

    def test_a_client_that_does_not_wait(self) -> None:
        """What it has sent behind the command is taken as compressed."""
        end = Compressed(self.client)
        octets = b"a COMPRESS DEFLATE\r\n" + end.deflated(b"b NOOP\r\n")
        self.client.server.dataReceived(octets)
        heard = self.client.heard()
        plain, _, rest = heard.partition(b"\r\n")
        self.assertEqual(b"a OK Compressing from here on", plain)
        self.assertEqual(b"b OK Nothing done\r\n", end.inflater.decompress(rest))

    def test_refused(self) -> None:
        """Another mechanism, a second time, too early; and nobody leaves within it."""
        self.assertEqual([b"a BAD There is DEFLATE only"], self.client.lines(b"a COMPRESS LZ4"))
        self.assertIn(b" COMPRESS=DEFLATE UNAUTHENTICATE", self.client.say(b"a CAPABILITY\r\n"))
        end = self.begun()
        self.assertEqual(b"a BAD It is on already\r\n", end.say(b"a COMPRESS DEFLATE\r\n"))
        self.assertNotIn(b"COMPRESS", end.say(b"a CAPABILITY\r\n"))
        self.assertEqual(b"a BAD Not while compressing\r\n", end.say(b"a UNAUTHENTICATE\r\n"))
        client = self.world.connect()
        client.heard()
        self.assertEqual(
            [b"a BAD not now: nobody has logged in"], client.lines(b"a COMPRESS DEFLATE")
        )

    def test_limits_are_of_what_inflates(self) -> None:
        """A few octets that become many are a long line like any other."""
        end = self.begun()
        answer = end.say(b"b NOOP" + b" " * 100_000 + b"\r\nc NOOP\r\n")
        self.assertEqual(b"b BAD [LIMIT] a line is too long\r\nc OK Nothing done\r\n", answer)


class InUTF8(SynchronousTestCase):
    """UTF8=ACCEPT (RFC 6855)."""

    def setUp(self) -> None:
        self.client = World().enter()
        self.client.say(b"a CREATE Entw&APw-rfe\r\n")

    def test_names(self) -> None:
        """Once enabled, names are in UTF-8 both ways, and & stands for itself."""
        lines = self.client.lines
        self.assertEqual(
            [b"* ENABLED UTF8=ACCEPT", b"a OK Enabled what is known"],
            lines(b"a ENABLE UTF8=ACCEPT"),
        )
        self.assertEqual(
            '* LIST (\\HasNoChildren) "/" "Entwürfe"'.encode(), lines(b'a LIST "" Ent*')[0]
        )
        self.assertEqual(
            '* LIST (\\HasNoChildren) "/" "Entwürfe"'.encode(),
            lines('a LIST "" "Entwü*"'.encode())[0],
        )
        for name in ('"Entwürfe"', "{9+}\r\nEntwürfe"):
            answer = lines(f"a STATUS {name} (MESSAGES)".encode())
            self.assertEqual('* STATUS "Entwürfe" (MESSAGES 0)'.encode(), answer[0])
        self.assertEqual([b"a OK [MAILBOXID (F12)] Created"], lines(b"a CREATE A&B-"))
        self.assertEqual(b'* LIST (\\HasNoChildren) "/" A&B-', lines(b'a LIST "" A*')[0])
        self.assertEqual(b'* NAMESPACE (("" "/"))', lines(b"a NAMESPACE")[0][:22])

    def test_with_rev2(self) -> None:
        """IMAP4rev2 has names in UTF-8 as well (RFC 9051, 5.1)."""
        self.client.say(b"a ENABLE IMAP4rev2\r\n")
        answer = self.client.lines(b'a LIST "" Ent*')[0]
        self.assertEqual('* LIST (\\HasNoChildren) "/" "Entwürfe"'.encode(), answer)

    def test_not_utf8(self) -> None:
        """What is no UTF-8 is BAD (RFC 6855, 3)."""
        self.client.say(b"a ENABLE UTF8=ACCEPT\r\n")
        self.assertEqual(
            [b"a BAD a mailbox name is not in UTF-8"], self.client.lines(b'a CREATE "\xc3("')
        )

    def test_not_enabled(self) -> None:
        """Else names are in modified UTF-7."""
        self.assertEqual(
            b'* LIST (\\HasNoChildren) "/" Entw&APw-rfe', self.client.lines(b'a LIST "" Ent*')[0]
        )
