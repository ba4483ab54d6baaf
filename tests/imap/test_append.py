"""APPEND and REPLACE: several messages, parts put together, binary ones, all of them or none."""

from __future__ import annotations

from base64 import encodebytes

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.imap.settings import Settings
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.imap.world import Client, World

PLAIN = b"Subject: one\r\nFrom: a@b.example\r\n\r\nhello\r\n"
PARTS = (
    b"Subject: two\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>second\r\n--b--\r\n"
)


def literal(octets: bytes) -> bytes:
    """Give a literal that does not wait."""
    return b"{%d+}\r\n%b" % (len(octets), octets)


class AppendCase(SynchronousTestCase):
    """A world with a plain message and one of two parts in INBOX."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(PLAIN, PARTS)
        self.client = self.world.enter()

    def tagged(self, octets: bytes, client: Client | None = None) -> bytes:
        """Say a command; give the last line of the answer."""
        return (client or self.client).say(octets + b"\r\n").split(b"\r\n")[-2]

    def text(self, number: int) -> bytes:
        """Give a message."""
        answer = self.client.say(b"f FETCH %d (BODY.PEEK[])\r\n" % number)
        octets = int(answer.partition(b"{")[2].partition(b"}")[0])
        return answer.partition(b"}\r\n")[2][:octets]

    def messages(self) -> int:
        """Tell how many messages there are."""
        answer = self.client.say(b"m STATUS INBOX (MESSAGES)\r\n")
        return int(answer.partition(b"(MESSAGES ")[2].partition(b")")[0])


class Many(AppendCase):
    """MULTIAPPEND (RFC 3502)."""

    def test_several(self) -> None:
        """Each has flags and a date of its own, and they come in order."""
        say = self.client.say
        self.assertEqual(b"+ go ahead\r\n", say(b"a APPEND INBOX (\\Seen) {%d}\r\n" % len(PLAIN)))
        date = b'" 7-Jul-1996 02:44:25 -0700"'
        self.assertEqual(b"+ go ahead\r\n", say(PLAIN + b" ($X) %b {%d}\r\n" % (date, len(PARTS))))
        answer = say(PARTS + b"\r\n")
        self.assertTrue(answer.startswith(b"* FLAGS ("), answer)  # with the new keyword
        told = b"* 4 EXISTS\r\n* 4 RECENT\r\na OK [APPENDUID 7 3:4] Appended\r\n"
        self.assertTrue(answer.endswith(told), answer)
        self.assertEqual((PLAIN, PARTS), (self.text(3), self.text(4)))
        lines = self.client.lines(b"a FETCH 3:4 (FLAGS INTERNALDATE)")
        self.assertEqual(
            b"* 4 FETCH (FLAGS ($X \\Recent) INTERNALDATE %b)" % date, lines[-2], lines
        )
        self.assertIn(b"* 3 FETCH (FLAGS (\\Seen \\Recent)", lines[-3])

    def test_all_or_none(self) -> None:
        """One that fails takes the others with it, and what still comes is passed over."""
        for second, answer in [
            (b" {0+}\r\n", b"a NO A message without an octet is none"),
            (b" (\\X) {8+}\r\nb NOOP\r\n", b"a BAD there is no such system flag"),
            (b" {8+}\r\nb NOOP\r\nx", b"a BAD one space was expected"),
            (
                b" CATENATE (URL /nope/;UID=1)",
                b"a NO [BADURL /nope/;UID=1] A URL leads to nothing: ",
            ),
            (b"x", b"a BAD one space was expected"),
        ]:
            octets = b"a APPEND INBOX " + literal(PLAIN) + second
            self.assertTrue(self.tagged(octets).startswith(answer), second)
            self.assertEqual(2, self.messages())
        self.assertEqual(b"a OK Nothing done", self.tagged(b"a NOOP"))

    def test_limits(self) -> None:
        """There are so many messages, so large, and together within the quota."""
        many = b"a APPEND INBOX" + (b" " + literal(b"x")) * 101
        self.assertEqual(b"a NO [LIMIT] more than 100 messages", self.tagged(many))
        many = b"a APPEND INBOX" + (b" " + literal(b"x")) * 100
        self.assertEqual(b"a OK [APPENDUID 7 3:102] Appended", self.tagged(many))
        client = self.world.enter(settings=Settings(append_octets=60))
        twice = b"a APPEND INBOX " + literal(PLAIN) + b" " + literal(PARTS)
        self.assertEqual(b"a NO [TOOBIG] the message is too large", self.tagged(twice, client))
        account = run(self.world.store.accounts.account("ann"))
        usage = run(self.world.store.mail.usage(account.id))
        limit = usage.octets + len(PLAIN)
        run(self.world.store.accounts.update_account(account.id, quota_octets=limit))
        twice = b"a APPEND INBOX " + literal(PLAIN) + b" " + literal(b"x")
        self.assertEqual(b"a NO [OVERQUOTA] The quota would be exceeded", self.tagged(twice))
        self.assertEqual(102, self.messages())

    def test_cut_off(self) -> None:
        """Of messages that did not come whole nothing is kept."""
        client = self.world.enter()
        client.say(b"a APPEND INBOX " + literal(PLAIN) + b" {100+}\r\nhalf")
        client.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(2, self.messages())


class Catenated(AppendCase):
    """CATENATE (RFC 4469)."""

    def test_parts(self) -> None:
        """Literals and parts of messages are one message, as they stand in the command."""
        url = b"/INBOX/;UID=2/;SECTION=1.MIME"
        octets = (
            b"a APPEND INBOX (\\Seen) CATENATE (URL /INBOX;UIDVALIDITY=7/;UID=2/;SECTION=HEADER "
            b"TEXT %b URL {%d+}\r\n%b URL ;UID=2/;section=1 TEXT %b "
            b'URL "/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=1.3")'
        ) % (literal(b"--b\r\n"), len(url), url, literal(b"\r\n--b--\r\n"))
        self.assertEqual(b"a OK [APPENDUID 7 3] Appended", self.tagged(octets))
        header = PARTS[: PARTS.index(b"--b")]
        self.assertEqual(
            header + b"--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n--b--\r\nell", self.text(3)
        )
        self.assertNotIn(b"\\Seen", self.client.say(b"a FETCH 1:2 FLAGS\r\n"))

    def test_urls_alone(self) -> None:
        """No literal need be among them; a whole message is a part too, and some of its fields."""
        octets = (
            b'a APPEND INBOX CATENATE (URL "/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(SUBJECT)" '
            b"URL /INBOX/;UID=1 "
            b'URL "/INBOX/;UID=1/;SECTION=HEADER.FIELDS.NOT%20(SUBJECT)/;PARTIAL=6")'
        )
        self.assertEqual(b"a OK [APPENDUID 7 3] Appended", self.tagged(octets))
        self.assertEqual(
            b"Subject: one\r\n\r\n" + PLAIN + b"a@b.example\r\n\r\n",
            self.text(3),
        )

    def test_bad_urls(self) -> None:
        """The first that leads nowhere is named, and nothing is kept."""
        for url in [
            b"/INBOX/;UID=9",
            b"/INBOX;UIDVALIDITY=8/;UID=1",
            b"/INBOX/;UID=1/;SECTION=2",
            b"/Nope/;UID=1",
            b"imap://ann@host/INBOX/;UID=1",
            b"/INBOX",
            b"x",
        ]:
            octets = b"a APPEND INBOX CATENATE (URL /INBOX/;UID=1 URL %b URL /INBOX/;UID=8)" % url
            self.assertTrue(self.tagged(octets).startswith(b"a NO [BADURL %b] " % url), url)
        octets = b"a APPEND INBOX CATENATE (URL {4+}\r\n\xc3\xa4]] TEXT {5+}\r\nhello)"
        answer = self.tagged(octets)
        self.assertTrue(answer.startswith(b"a NO [BADURL %C3%A4%5D%5D] "), answer)
        answer = self.tagged(b'a APPEND INBOX CATENATE (URL "")')
        self.assertTrue(answer.startswith(b"a NO A URL leads to nothing"), answer)
        other = self.world.enter(None)
        answer = self.tagged(b"a APPEND INBOX CATENATE (URL ;UID=1)", other)
        self.assertTrue(answer.startswith(b"a NO [BADURL ;UID=1] "), answer)
        self.assertEqual(2, self.messages())

    def test_refused_one_after_another(self) -> None:
        """What a refused APPEND skips ends there: the next one of URLs alone skips nothing."""
        answer = self.tagged(b"a APPEND Nope CATENATE (TEXT {1+}\r\nx URL /INBOX/;UID=9)")
        self.assertEqual(b"a NO [TRYCREATE] There is no such mailbox", answer)
        for _ in range(2):
            answer = self.tagged(b"a APPEND INBOX CATENATE (URL /INBOX/;UID=9)")
            self.assertTrue(answer.startswith(b"a NO [BADURL /INBOX/;UID=9] "), answer)
        self.assertEqual(2, self.messages())

    def test_too_large(self) -> None:
        """What is put together has the limit of a message."""
        client = self.world.enter(settings=Settings(append_octets=100))
        octets = b"a APPEND INBOX CATENATE (URL /INBOX/;UID=2)"
        self.assertEqual(b"a NO [TOOBIG] The message is too large", self.tagged(octets, client))
        account = run(self.world.store.accounts.account("ann"))
        run(self.world.store.accounts.update_account(account.id, quota_octets=300))
        octets = b"a APPEND INBOX CATENATE (URL /INBOX/;UID=2)"
        self.assertEqual(b"a NO [OVERQUOTA] The quota would be exceeded", self.tagged(octets))


class Replaced(AppendCase):
    """REPLACE (RFC 8508)."""

    def test_by_number(self) -> None:
        """The new one is there, the old one gone, in one step; other marked ones stay."""
        self.client.say(b"a STORE 2 +FLAGS.SILENT (\\Deleted)\r\n")
        self.assertEqual(
            b"* OK [APPENDUID 7 3] The replacement is there\r\n"
            b"* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 2 RECENT\r\na OK Replaced\r\n",
            self.client.say(b"a REPLACE 1 INBOX (\\Draft) " + literal(PLAIN) + b"\r\n"),
        )
        self.assertEqual(PLAIN, self.text(2))

    def test_by_uid_into_another(self) -> None:
        """A draft becomes a message that was sent."""
        answer = self.client.say(b"a UID REPLACE 2 Sent CATENATE (URL ;UID=2)\r\n")
        self.assertEqual(
            b"* OK [APPENDUID 8 1] The replacement is there\r\n* 2 EXPUNGE\r\na OK Replaced\r\n",
            answer,
        )
        self.assertEqual(b"* 1 EXISTS", self.world.enter(b"Sent").lines(b"a SELECT Sent")[2])

    def test_refused(self) -> None:
        """What cannot be replaced, or not now."""
        message = literal(PLAIN)
        for octets, answer in [
            (b"a REPLACE 9 INBOX " + message, b"a BAD no message 9"),
            (b"a UID REPLACE 9 INBOX " + message, b"a NO [NONEXISTENT] There is no such message"),
            (b"a REPLACE 1 nope " + message, b"a NO [TRYCREATE] There is no such mailbox"),
            (b"a REPLACE 1 INBOX {0+}\r\n", b"a NO A message without an octet is none"),
            (b"a REPLACE 1 INBOX " + message + b" " + message, b"a BAD too many messages"),
            (b"a REPLACE 1 INBOX CATENATE (URL ;UID=1) " + message, b"a BAD too many messages"),
        ]:
            self.assertTrue(self.tagged(octets).startswith(answer), octets)
        self.client.say(b"a EXAMINE INBOX\r\n")
        answer = self.tagged(b"a REPLACE 1 INBOX " + message)
        self.assertEqual(b"a NO The mailbox is open for reading only", answer)
        self.client.say(b"a UNSELECT\r\n")
        answer = self.tagged(b"a REPLACE 1 INBOX " + message)
        self.assertEqual(b"a BAD not now: somebody has logged in; no mailbox is selected", answer)
        self.assertEqual(2, self.messages())

    def test_room(self) -> None:
        """The old one's room is the new one's."""
        account = run(self.world.store.accounts.account("ann"))
        octets = len(PLAIN) + len(PARTS)
        run(self.world.store.accounts.update_account(account.id, quota_octets=octets))
        larger = PLAIN + b"x"
        answer = self.tagged(b"a REPLACE 1 INBOX " + literal(larger))
        self.assertEqual(b"a NO [OVERQUOTA] The quota would be exceeded", answer)
        self.assertEqual(b"a OK Replaced", self.tagged(b"a REPLACE 1 INBOX " + literal(PLAIN)))


class Mended(AppendCase):
    """What is mended as it comes, so that every door gives the same octets."""

    def test_text(self) -> None:
        """A CR or LF alone is made CRLF, and NUL 0x80; sizes are of what is kept."""
        octets = b"Subject: x\n\na\0b\rc\r\r\n"
        kept = b"Subject: x\r\n\r\na\x80b\r\nc\r\n\r\n"
        self.assertEqual(
            b"a OK [APPENDUID 7 3] Appended", self.tagged(b"a APPEND INBOX " + literal(octets))
        )
        self.assertEqual(kept, self.text(3))
        self.assertIn(b"RFC822.SIZE %d)" % len(kept), self.client.say(b"a FETCH 3 RFC822.SIZE\r\n"))

    def test_binary(self) -> None:
        """A binary part is coded, without loss; nothing else of the message changes."""
        content = bytes(range(256)) * 3
        header = b"Subject: x\r\nContent-Transfer-Encoding: %b\r\n\r\n"
        octets = header % b"binary" + content
        answer = self.tagged(b"a APPEND INBOX ~" + literal(octets))
        self.assertEqual(b"a OK [APPENDUID 7 3] Appended", answer)
        coded = encodebytes(content).replace(b"\n", b"\r\n")
        self.assertEqual(header % b"base64" + coded, self.text(3))
        answer = self.tagged(b"a APPEND INBOX UTF8 (~" + literal(PLAIN) + b")")
        self.assertEqual(b"a OK [APPENDUID 7 4] Appended", answer)
        self.assertEqual(PLAIN, self.text(4))
