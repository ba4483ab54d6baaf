"""The server on memory transports: sessions as a client sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from netsuite.imap.server import fetch
from netsuite.imap.server.fetch import BrokenContent
from netsuite.imap.settings import Settings
from netsuite.store.errors import (
    Busy,
    MovedInPart,
    NoSuchFolder,
    NoSuchMessage,
    NotPermitted,
    OverQuota,
    StorageFull,
    StoreError,
)
from netsuite.store.model import Copied, FlagAction, FolderKind, Placement, Status
from netsuite.testing.cases import SynchronousTestCase
from netsuite.wire.errors import LocalProtocolError
from tests.coroutines import run
from tests.imap.world import World

PLAIN = b"From: Ann <ann@example.org>\r\nSubject: hi\r\n\r\nbody\r\n"
NESTED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\n\r\nhello\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner body\r\n--x--\r\n"
)


class Login(SynchronousTestCase):
    """Who comes in, and how."""

    def setUp(self) -> None:
        self.world = World()
        self.client = self.world.connect()
        self.greeting = self.client.heard()

    def test_greeting(self) -> None:
        """The greeting says at once what can be done."""
        self.assertTrue(self.greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 "), self.greeting)
        self.assertIn(b" AUTH=PLAIN", self.greeting)
        self.assertNotIn(b"STARTTLS", self.greeting)
        self.assertNotIn(b"LOGINDISABLED", self.greeting)

    def test_login(self) -> None:
        """A login tells the new capabilities, which now include what needs one."""
        answer = self.client.say(b'a LOGIN "ann" {6}\r\n')
        self.assertEqual(b"+ go ahead\r\n", answer)
        answer = self.client.say(b"secret\r\n")
        self.assertTrue(answer.startswith(b"a OK [CAPABILITY IMAP4rev1 "), answer)
        self.assertIn(b" UIDPLUS ", answer)
        self.assertNotIn(b"AUTH=", answer)

    def test_wrong_password(self) -> None:
        """A wrong password is not told apart from a wrong name."""
        answer = self.client.say(b"a LOGIN ann wrong\r\n")
        self.assertEqual(b"a NO [AUTHENTICATIONFAILED] Wrong name or password\r\n", answer)
        self.assertEqual(
            b"b BAD not now: nobody has logged in\r\n", self.client.say(b"b SELECT INBOX\r\n")
        )

    def test_no_clear_passwords(self) -> None:
        """Where a password may not be sent, LOGIN says so before it is tried."""
        self.world.authenticator.plaintext = False
        client = self.world.connect()
        greeting = client.heard()
        self.assertIn(b" LOGINDISABLED", greeting)
        self.assertNotIn(b"AUTH=PLAIN", greeting)
        self.assertEqual(
            b"a NO [PRIVACYREQUIRED] LOGIN is disabled; begin TLS first\r\n",
            client.say(b"a LOGIN ann secret\r\n"),
        )

    def test_plain(self) -> None:
        """AUTHENTICATE works in one step and in two."""
        answer = self.client.say(b"a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n")
        self.assertTrue(answer.startswith(b"a OK "), answer)
        client = self.world.connect()
        client.heard()
        self.assertEqual(b"+ \r\n", client.say(b"a authenticate plain\r\n"))
        self.assertTrue(client.say(b"AGFubgBzZWNyZXQ=\r\n").startswith(b"a OK "))

    def test_challenges(self) -> None:
        """What a mechanism says with its success is one more challenge."""
        self.assertEqual(b"+ d29yZD8=\r\n", self.client.say(b"a AUTHENTICATE TALK\r\n"))
        self.assertEqual(b"+ cHJvb2Y=\r\n", self.client.say(b"cGxlYXNl\r\n"))
        self.assertTrue(self.client.say(b"\r\n").startswith(b"a OK "))

    def test_failures(self) -> None:
        """Whatever goes wrong in AUTHENTICATE, the next command is heard."""
        say = self.client.say
        self.assertEqual(
            b"a NO [CANNOT] That mechanism is not offered here\r\n", say(b"a AUTHENTICATE X\r\n")
        )
        say(b"a AUTHENTICATE TALK\r\n")
        self.assertEqual(b"a BAD Cancelled\r\n", say(b"*\r\n"))
        say(b"a AUTHENTICATE TALK\r\n")
        self.assertEqual(b"a BAD broken base64\r\n", say(b"A\r\n"))
        say(b"a AUTHENTICATE TALK\r\n")
        self.assertEqual(
            b"a NO [AUTHENTICATIONFAILED] Wrong name or password\r\n", say(b"YQ==\r\n")
        )
        self.assertEqual(
            b"a BAD That is not the mechanism's grammar\r\n",
            say(b"a AUTHENTICATE PLAIN YQ==\r\n"),
        )
        self.assertEqual(b"a OK Nothing done\r\n", say(b"a NOOP\r\n"))

    def test_pipelined(self) -> None:
        """Commands that come before a slow login is through are answered after it, in order."""
        self.world.authenticator.waits = Deferred()
        say = self.client.say
        self.assertEqual(b"", say(b"a LOGIN ann secret\r\nb SELECT INBOX\r\nc NOOP\r\n"))
        self.world.authenticator.waits.callback(None)
        answer = self.client.heard()
        places = [answer.index(tag) for tag in (b"a OK", b"b OK", b"c OK")]
        self.assertEqual(sorted(places), places)

    def test_too_many_errors(self) -> None:
        """Who only makes errors is shown the door."""
        client = self.world.connect(Settings(bad_commands=3))
        client.heard()
        answer = client.say(b"x\r\n" * 10)
        self.assertEqual(3, answer.count(b"BAD"))
        self.assertTrue(answer.endswith(b"* BYE Too many bad commands\r\n"), answer)
        self.assertTrue(client.transport.disconnecting)

    def test_the_login_is_given_back(self) -> None:
        """What a login brought is given back when the connection ends, however it does."""
        for last in (b"a LOGOUT\r\n", b"a NOOP\r\n"):
            client = self.world.enter()
            client.say(last)
            client.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(2, self.world.authenticator.logged_out)

    def test_half_closed_within_authenticate(self) -> None:
        """Who says no more where a response is due is not waited for."""
        self.client.say(b"a AUTHENTICATE TALK\r\n")
        self.client.server.readConnectionLost()
        self.assertTrue(self.client.transport.disconnecting)

    def test_other_settings(self) -> None:
        """A session that is there goes by new settings."""
        client = self.world.enter()
        client.server.configure(self.world.shared(Settings(append_octets=4)))
        self.assertEqual(
            [b"a NO [TOOBIG] the message is too large"], client.lines(b"a APPEND INBOX {5}")
        )
        self.assertIn(b" APPENDLIMIT=4", client.say(b"a CAPABILITY\r\n"))

    def test_logout(self) -> None:
        """LOGOUT says BYE, then OK, then closes."""
        self.assertEqual(
            b"* BYE Goodbye\r\na OK Logged out\r\n", self.client.say(b"a LOGOUT\r\nb NOOP\r\n")
        )
        self.assertTrue(self.client.transport.disconnecting)

    def test_autologout(self) -> None:
        """Whoever has logged in may be silent for thirty minutes (RFC 3501, 5.4)."""
        client = self.world.enter()
        self.world.clock.advance(1799)
        self.assertEqual(b"", client.heard())
        self.world.clock.advance(2)
        self.assertEqual(b"* BYE Autologout; idle for too long\r\n", client.heard())


class Mailboxes(SynchronousTestCase):
    """Folders as such."""

    def setUp(self) -> None:
        self.world = World()
        self.client = self.world.enter(None)

    def test_list_in_turns(self) -> None:
        """While many names are listed others are served; what the wildcards are does not count."""
        for number in range(450):
            self.client.say(b"a CREATE %b/%d\r\n" % (b"a" * 200, number))
        other = self.world.enter(None)
        listed = self.client.say(b'a LIST "" "' + b"*a" * 150 + b'*"\r\n')
        self.assertEqual([b"b OK Nothing done"], other.lines(b"b NOOP"))
        self.assertGreater(200, listed.count(b"\r\n"))
        self.world.clock.advance(0)
        self.world.clock.advance(0)
        listed += self.client.heard()
        self.assertEqual(452, listed.count(b"\r\n"))

    def test_list(self) -> None:
        """Folders, and the names above them, are listed with what they are."""
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren) "/" INBOX',
                b'* LIST (\\HasChildren) "/" Lists',
                b'* LIST (\\HasNoChildren) "/" Lists/python',
                b'* LIST (\\HasNoChildren \\Sent) "/" Sent',
                b"a OK Listed",
            ],
            self.client.lines(b'a LIST "" "*"'),
        )
        for pattern, names in [
            (b"%", [b"INBOX", b"Lists", b"Sent"]),
            (b"inbox", [b"INBOX"]),
            (b"InB%", [b"INBOX"]),
            (b"Li*n", [b"Lists/python"]),
            (b"Lists/%", [b"Lists/python"]),
            (b"*/%", [b"Lists/python"]),
            (b"sent", []),
            (b"%t%", [b"Lists", b"Sent"]),
        ]:
            lines = self.client.lines(b'a LIST "" ' + pattern)
            self.assertEqual(names, [line.split(b" ")[-1] for line in lines[:-1]], pattern)
        self.assertEqual(
            b'* LIST (\\HasNoChildren) "/" Lists/python',
            self.client.lines(b"a LIST Lists/ %")[0],
        )

    def test_separator(self) -> None:
        """An empty pattern asks for the separator."""
        self.assertEqual(
            [b'* LIST (\\Noselect) "/" ""', b"a OK Separator given"],
            self.client.lines(b'a LIST "" ""'),
        )
        # In the extended syntax an empty pattern is none (RFC 5258, 3).
        for words in (b'() "" ""', b'"" ("")', b'"" "" RETURN (CHILDREN)'):
            self.assertEqual([b"a OK Listed"], self.client.lines(b"a LIST " + words), words)
        self.assertEqual(
            [b'* LIST (\\HasNoChildren) "/" INBOX', b"a OK Listed"],
            self.client.lines(b'a LIST "" ("" INBOX)'),
        )

    def test_hostile_pattern(self) -> None:
        """A pattern made to be slow is answered like any other."""
        lines = self.client.lines(b'a LIST "" "' + b"*a%" * 300 + b'"')
        self.assertEqual([b"a OK Listed"], lines)

    def test_special_use(self) -> None:
        """A special use can be asked for, given, and refused (RFC 6154)."""
        lines = self.client.lines
        self.assertEqual(
            [b"a OK [MAILBOXID (F11)] Created"], lines(b"a CREATE Bin (USE (\\Trash))")
        )
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren \\Trash) "/" Bin',
                b'* LIST (\\HasNoChildren \\Sent) "/" Sent',
            ],
            lines(b'a LIST (SPECIAL-USE) "" "*"')[:2],
        )
        for use in (b"\\All", b"\\Foo", b"\\Trash \\Junk"):
            self.assertEqual(
                [b"a NO [USEATTR] No mailbox can have that use"],
                lines(b"a CREATE x (USE (%b))" % use),
            )

    def test_subscriptions(self) -> None:
        """A subscription outlives its folder, and "%" shows what lies above one."""
        lines = self.client.lines
        for name in (b"Lists", b"Sent"):  # a new account's are
            self.assertEqual([b"a OK Unsubscribed"], lines(b"a UNSUBSCRIBE " + name))
        for name in (b"INBOX", b"Lists/python", b"Gone/away"):
            self.assertEqual([b"a OK Subscribed"], lines(b"a SUBSCRIBE " + name))
        self.assertEqual([b"a OK Subscribed"], lines(b"a SUBSCRIBE Gone/away/"))
        for none in (b'""', b"a//b", b"/a"):
            answer = b"a NO [CANNOT] That cannot be a mailbox's name"
            self.assertEqual([answer], lines(b"a SUBSCRIBE " + none), none)
            self.assertEqual([b"a OK Unsubscribed"], lines(b"a UNSUBSCRIBE " + none), none)
        self.assertEqual(
            [
                b'* LSUB (\\Noselect) "/" Gone/away',
                b'* LSUB () "/" INBOX',
                b'* LSUB () "/" Lists/python',
                b"a OK Listed",
            ],
            lines(b'a LSUB "" *'),
        )
        self.assertEqual(
            [
                b'* LSUB (\\Noselect) "/" Gone',
                b'* LSUB () "/" INBOX',
                b'* LSUB (\\Noselect) "/" Lists',
                b"a OK Listed",
            ],
            lines(b'a LSUB "" %'),
        )
        self.assertEqual(
            [
                b'* LIST (\\HasNoChildren \\Subscribed) "/" INBOX',
                b'* LIST (\\NonExistent \\Subscribed) "/" Gone/away',
                b'* LIST (\\HasNoChildren \\Subscribed) "/" Lists/python',
            ],
            lines(b'a LIST (SUBSCRIBED) "" *')[:-1],
        )
        self.assertEqual(
            b'* LIST (\\HasChildren) "/" Lists ("CHILDINFO" ("SUBSCRIBED"))',
            lines(b'a LIST (SUBSCRIBED RECURSIVEMATCH) "" Li%')[0],
        )
        lines(b"a UNSUBSCRIBE Gone/away")
        self.assertNotIn(b"Gone", b"".join(lines(b'a LSUB "" *')))

    def test_status(self) -> None:
        """STATUS counts, one folder and all of them."""
        self.world.deliver(PLAIN, PLAIN)
        self.assertEqual(
            b"* STATUS INBOX (MESSAGES 2 RECENT 2 UNSEEN 2 UIDNEXT 3 SIZE %d)" % (2 * len(PLAIN)),
            self.client.lines(b"a STATUS inbox (MESSAGES RECENT UNSEEN UIDNEXT SIZE)")[0],
        )
        self.assertEqual(
            b"* STATUS INBOX (MESSAGES 2)",
            self.client.lines(b'a LIST "" INBOX RETURN (STATUS (MESSAGES))')[1],
        )
        self.assertEqual(
            [b"a NO [NONEXISTENT] There is no such mailbox"],
            self.client.lines(b"a STATUS nope (MESSAGES)"),
        )

    def test_gone_while_listed(self) -> None:
        """A mailbox that is gone before its STATUS is listed as what cannot be selected, without
        one (RFC 5819, 2); where it cannot be asked just now, without."""
        errors: list[Exception] = [NoSuchFolder("Sent"), Busy("later")]

        async def status(*words: object) -> Status:
            raise errors.pop(0)

        self.patch(self.world.store.mail, "status", status)
        listed = b'a LIST "" Sent RETURN (STATUS (MESSAGES))'
        self.assertEqual(
            [b'* LIST (\\HasNoChildren \\Sent \\Noselect) "/" Sent', b"a OK Listed"],
            self.client.lines(listed),
        )
        self.assertEqual(
            [b'* LIST (\\HasNoChildren \\Sent) "/" Sent', b"a OK Listed"],
            self.client.lines(listed),
        )

    def test_names(self) -> None:
        """A folder named in any script is made, renamed and deleted."""
        lines = self.client.lines
        self.assertEqual([b"a OK [MAILBOXID (F11)] Created"], lines(b"a CREATE &U,BTFw-/"))
        self.assertEqual(
            [b"a NO [ALREADYEXISTS] A mailbox of that name exists"], lines(b"a CREATE &U,BTFw-")
        )
        self.assertEqual([b"a OK Renamed"], lines(b"a RENAME &U,BTFw- Entw&APw-rfe"))
        self.assertEqual(b'* LIST (\\HasNoChildren) "/" Entw&APw-rfe', lines(b'a LIST "" E*')[0])
        self.assertEqual([b"a OK Deleted"], lines(b"a DELETE Entw&APw-rfe"))
        self.assertEqual([b"a NO [NONEXISTENT] There is no such mailbox"], lines(b"a DELETE x"))
        self.assertTrue(lines(b"a DELETE INBOX")[0].startswith(b"a NO "))

    def test_deleting_the_selected_one(self) -> None:
        """Whoever deletes the mailbox it has open just has none open afterwards."""
        lines = self.client.lines
        lines(b"a SELECT Sent")
        self.assertEqual([b"a OK Deleted"], lines(b"a DELETE Sent"))
        self.assertEqual(
            [b"a BAD not now: somebody has logged in; no mailbox is selected"], lines(b"a CHECK")
        )
        self.assertFalse(self.client.transport.disconnecting)

    def test_select(self) -> None:
        """SELECT tells everything RFC 3501, 6.3.1 asks for; a failed one leaves none open."""
        self.world.deliver(PLAIN, flags=["\\Seen"])
        self.world.deliver(PLAIN)
        lines = self.client.lines
        self.assertEqual(
            [
                b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
                b"* 2 EXISTS",
                b"* 2 RECENT",
                b"* OK [UNSEEN 2] First unseen",
                b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] "
                b"Flags that stay",
                b"* OK [UIDNEXT 3] Next UID",
                b"* OK [UIDVALIDITY 7] UIDs valid",
                b"* OK [HIGHESTMODSEQ 3] Highest",
                b"* OK [MAILBOXID (F2)] Its object id",
                b"a OK [READ-WRITE] Selected",
            ],
            lines(b"a SELECT INBOX"),
        )
        answer = lines(b"a EXAMINE INBOX")
        self.assertEqual(b"* OK [CLOSED] Left the mailbox", answer[0])
        self.assertIn(b"* 0 RECENT", answer)
        self.assertEqual(b"a OK [READ-ONLY] Examined", answer[-1])
        for command in (b"STORE 1 FLAGS x", b"EXPUNGE", b"MOVE 1 Sent"):
            self.assertEqual([b"a NO The mailbox is open for reading only"], lines(b"a " + command))
        self.assertEqual(b"a NO [NONEXISTENT] There is no such mailbox", lines(b"a SELECT x")[-1])
        self.assertTrue(lines(b"a CHECK")[0].startswith(b"a BAD"))


class Messages(SynchronousTestCase):
    """What is in a mailbox."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(PLAIN, NESTED, PLAIN)
        self.client = self.world.enter()

    def test_sections(self) -> None:
        """Every kind of section comes with exactly its octets."""
        answer = self.client.say(
            b"a FETCH 2 (BODY.PEEK[1] BODY.PEEK[2.HEADER] BODY.PEEK[2.TEXT] BODY.PEEK[2.1] "
            b"BODY.PEEK[HEADER.FIELDS (SUBJECT x)] BODY.PEEK[9] BODY.PEEK[]<4.7>)\r\n"
        )
        self.assertEqual(
            b"* 2 FETCH (BODY[1] {5}\r\nhello BODY[2.HEADER] {18}\r\nSubject: inner\r\n\r\n"
            b" BODY[2.TEXT] {10}\r\ninner body BODY[2.1] {10}\r\ninner body"
            b" BODY[HEADER.FIELDS (SUBJECT x)] {18}\r\nSubject: outer\r\n\r\n"
            b" BODY[9] NIL BODY[]<4> {7}\r\nect: ou)\r\na OK Fetched\r\n",
            answer,
        )

    def test_seen(self) -> None:
        """Reading a message marks it and says so, once; peeking does not."""
        say = self.client.say
        self.assertEqual(
            b"* 1 FETCH (BODY[TEXT] {6}\r\nbody\r\n)\r\na OK Fetched\r\n",
            say(b"a FETCH 1 BODY.PEEK[TEXT]\r\n"),
        )
        self.assertEqual(
            b"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {6}\r\nbody\r\n)\r\na OK Fetched\r\n",
            say(b"a FETCH 1 BODY[TEXT]\r\n"),
        )
        self.assertEqual(
            b"* 1 FETCH (RFC822.TEXT {6}\r\nbody\r\n)\r\na OK Fetched\r\n",
            say(b"a FETCH 1 RFC822.TEXT\r\n"),
        )
        self.assertEqual(b"a OK Nothing done\r\n", say(b"a NOOP\r\n"))

    def test_examine_does_not_mark(self) -> None:
        """After EXAMINE reading changes nothing."""
        say = self.client.say
        say(b"a EXAMINE INBOX\r\n")
        self.assertNotIn(b"FLAGS", say(b"a FETCH 1 BODY[]\r\n"))

    def test_uid_fetch(self) -> None:
        """UID FETCH shows the UID unasked, and passes over what is not there."""
        self.assertEqual(
            [
                b"* 2 FETCH (UID 2 FLAGS (\\Recent))",
                b"* 3 FETCH (UID 3 FLAGS (\\Recent))",
                b"a OK Fetched",
            ],
            self.client.lines(b"a UID FETCH 2:9 FLAGS"),
        )
        self.assertEqual([b"a OK Fetched"], self.client.lines(b"a UID FETCH 100:200 FLAGS"))
        self.assertEqual([b"a BAD no message 4"], self.client.lines(b"a FETCH 4 FLAGS"))

    def test_large(self) -> None:
        """A large message is streamed, whole and in part, and NUL in it breaks nothing."""
        large = b"Subject: large\r\n\r\n" + b"0123456789abcde\0" * 20_000
        self.world.deliver(large)
        shown = large.replace(b"\0", b"\x80")
        client = self.world.enter()
        answer = client.say(b"a FETCH 4 (FLAGS BODY.PEEK[] BODY.PEEK[HEADER] UID)\r\n")
        self.assertEqual(
            b"* 4 FETCH (FLAGS (\\Recent) UID 4 BODY[] {%d}\r\n%b BODY[HEADER] {18}\r\n%b)\r\n"
            b"a OK Fetched\r\n" % (len(large), shown, large[:18]),
            answer,
        )
        answer = client.say(b"a FETCH 4 BODY.PEEK[]<100.200000>\r\n")
        self.assertEqual(
            b"* 4 FETCH (BODY[]<100> {200000}\r\n%b)\r\na OK Fetched\r\n" % shown[100:200_100],
            answer,
        )
        answer = client.say(b"a FETCH 4 BODY.PEEK[TEXT]<0.3>\r\n")
        self.assertEqual(b"* 4 FETCH (BODY[TEXT]<0> {3}\r\n012)\r\na OK Fetched\r\n", answer)

    def test_little_of_much(self) -> None:
        """Of a middling message only what is asked for is read."""
        middling = b"Subject: middling\r\n\r\n" + b"x" * 60_000
        self.world.deliver(middling)
        client = self.world.enter()
        mail: Any = client.server.mail
        mail.contents = None  # nobody asks for whole contents
        self.assertEqual(
            b"* 4 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {21}\r\nSubject: middling\r\n\r\n"
            b" BODY[2] NIL BODY[TEXT]<5> {3}\r\nxxx)\r\na OK Fetched\r\n",
            client.say(
                b"a FETCH 4 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[2] BODY.PEEK[TEXT]<5.3>)"
                b"\r\n"
            ),
        )

    def test_a_slow_client(self) -> None:
        """A client that does not read stops its own FETCH, and gets the rest when it reads."""
        self.world.deliver(*[PLAIN + b"%d" % number for number in range(50)])
        self.patch(fetch, "BATCH_MESSAGES", 5)
        client = self.world.enter()
        client.server.writer.pauseProducing()
        first = client.say(b"a FETCH 1:* BODY.PEEK[]\r\n")
        self.assertLess(first.count(b" FETCH "), 10)
        client.server.writer.resumeProducing()
        rest = client.heard()
        self.assertEqual(53, (first + rest).count(b" FETCH "))
        self.assertTrue(rest.endswith(b"a OK Fetched\r\n"))

    def test_batches(self) -> None:
        """Bounds on what is held change nothing of what is said."""
        self.world.deliver(*[PLAIN + b"%d" % number for number in range(20)])
        whole = self.world.enter().say(b"a FETCH 1:* (FLAGS BODY.PEEK[])\r\n")
        for name, value in (("BATCH_MESSAGES", 3), ("BATCH_OCTETS", 100), ("STREAM_OCTETS", 10)):
            patched = self.patch(fetch, name, value)
            client = self.world.enter()
            self.assertEqual(
                whole.replace(b" \\Recent", b"").replace(b"\\Recent", b""),
                client.say(b"a FETCH 1:* (FLAGS BODY.PEEK[])\r\n"),
            )
            patched.restore()

    def test_store(self) -> None:
        """Flags are set, taken away, replaced; silently where asked."""
        lines = self.client.lines
        self.assertEqual(
            [
                b"* 1 FETCH (FLAGS (\\Deleted \\Recent))",
                b"* 2 FETCH (FLAGS (\\Deleted \\Recent))",
                b"a OK Stored",
            ],
            lines(b"a STORE 1:2 +FLAGS (\\Deleted)"),
        )
        self.assertEqual([b"a OK Stored"], lines(b"a STORE 2 -FLAGS.SILENT \\Deleted"))
        self.assertEqual(b"* 2 FETCH (FLAGS (\\Recent))", lines(b"a FETCH 2 FLAGS")[0])
        self.assertEqual(
            [
                b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk)",
                b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk \\*)] "
                b"Flags that stay",
                b"* 1 FETCH (UID 1 FLAGS ($Junk \\Recent))",
                b"a OK Stored",
            ],
            lines(b"a UID STORE 1 FLAGS $Junk"),
        )
        self.assertEqual([b"a OK Nothing done"], lines(b"a NOOP"))

    def test_keywords_are_bounded(self) -> None:
        """A client cannot fill a mailbox with words of its own."""
        client = self.world.enter(settings=Settings(keywords=2))
        self.assertEqual(b"a OK Stored", client.lines(b"a STORE 1 FLAGS (a b)")[-1])
        self.assertEqual(
            [b"a NO [LIMIT] Too many different keywords"], client.lines(b"a STORE 1 FLAGS c")
        )
        self.assertEqual(b"a OK Stored", client.lines(b"a STORE 1 FLAGS A")[-1])

    def test_no_new_keywords(self) -> None:
        """Where there can be no more of them, PERMANENTFLAGS says so at once (RFC 9051, 7.1)."""
        client = self.world.enter(settings=Settings(keywords=2))
        self.assertIn(b"\\Draft a \\*)]", client.say(b"a STORE 1 FLAGS a\r\n"))
        self.assertIn(b"\\Draft a b)]", client.say(b"a STORE 2 FLAGS b\r\n"))
        self.assertIn(b"\\Draft a b)]", client.say(b"a SELECT INBOX\r\n"))

    def test_large_numbers(self) -> None:
        """Sizes and places in a message have 63 bits (RFC 9051, 9)."""
        lines, top = self.client.lines, 2**63 - 1
        self.assertEqual(
            [b"* SEARCH 1 2 3", b"a OK Searched"],
            lines(b"a SEARCH SMALLER %d NOT LARGER %d" % (top, top - 1)),
        )
        self.assertEqual(
            [b"* 1 FETCH (BODY[]<%d> {0}" % top, b")", b"a OK Fetched"],
            lines(b"a FETCH 1 BODY.PEEK[]<%d.%d>" % (top, top)),
        )
        self.assertIn(b"Subject", self.client.say(b"a FETCH 1 BODY.PEEK[]<0.%d>\r\n" % top))
        self.assertEqual([b"a BAD a number is too large"], lines(b"a SEARCH LARGER %d" % (top + 1)))

    def test_condstore(self) -> None:
        """Mod-sequences are told to who knows them, and a conditional STORE is conditional."""
        lines = self.client.lines
        self.assertEqual(
            [b"* ENABLED CONDSTORE", b"a OK Enabled what is known"], lines(b"a ENABLE condstore x")
        )
        self.assertEqual(
            b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (5))",
            lines(b"a STORE 1 FLAGS \\Seen")[0],
        )
        self.assertEqual(
            [b"* 2 FETCH (UID 2 MODSEQ (6))", b"a OK [MODIFIED 1] Some had been changed"],
            lines(b"a STORE 1:2 (UNCHANGEDSINCE 4) +FLAGS.SILENT \\Flagged"),
        )
        self.assertEqual(
            [b"* 2 FETCH (FLAGS (\\Flagged \\Recent) MODSEQ (6))", b"a OK Fetched"],
            lines(b"a FETCH 1:* FLAGS (CHANGEDSINCE 5)"),
        )
        self.assertEqual(
            [b"* SEARCH 1 2 (MODSEQ 6)", b"a OK Searched"], lines(b"a SEARCH MODSEQ 5")
        )

    def test_qresync(self) -> None:
        """A client that comes back is told just what it missed (RFC 7162, 3.2)."""
        lines = self.client.lines
        bad = b"a BAD Enable QRESYNC first"
        self.assertEqual([bad], lines(b"a SELECT INBOX (QRESYNC (7 4))"))
        self.assertEqual([bad], lines(b"a UID FETCH 1 FLAGS (CHANGEDSINCE 4 VANISHED)"))
        told = lines(b"a ENABLE QRESYNC CONDSTORE")[0]
        self.assertEqual(b"* ENABLED CONDSTORE QRESYNC", told)
        other = self.world.enter()
        other.say(b"a STORE 1,3 FLAGS.SILENT \\Deleted\r\na STORE 2 FLAGS.SILENT \\Flagged\r\n")
        other.say(b"a UID EXPUNGE 1\r\n")
        self.assertEqual(
            [
                b"* VANISHED 1",
                b"* 1 FETCH (UID 2 FLAGS (\\Flagged \\Recent) MODSEQ (6))",
                b"* 2 FETCH (UID 3 FLAGS (\\Deleted \\Recent) MODSEQ (5))",
                b"a OK [HIGHESTMODSEQ 7] Nothing done",
            ],
            lines(b"a NOOP"),
        )
        self.assertEqual([b"* VANISHED 3", b"a OK [HIGHESTMODSEQ 8] Expunged"], lines(b"a EXPUNGE"))
        self.assertEqual(
            [
                b"* VANISHED (EARLIER) 1,3",
                b"* 1 FETCH (UID 2 FLAGS (\\Flagged \\Recent) MODSEQ (6))",
                b"a OK Fetched",
            ],
            lines(b"a UID FETCH 1:* FLAGS (CHANGEDSINCE 5 VANISHED)"),
        )
        answer = lines(b"a SELECT INBOX (QRESYNC (7 4 2:9))")
        self.assertEqual(
            [
                b"* OK [HIGHESTMODSEQ 8] Highest",
                b"* OK [MAILBOXID (F2)] Its object id",
                b"* VANISHED (EARLIER) 3",
                b"* 1 FETCH (UID 2 FLAGS (\\Flagged) MODSEQ (6))",
                b"a OK [READ-WRITE] Selected",
            ],
            answer[-5:],
        )
        answer = lines(b"a SELECT INBOX (QRESYNC (6 4))")
        self.assertNotIn(b"VANISHED", b"".join(answer))

    def test_moved_in_part(self) -> None:
        """Where the disk is full amid a MOVE, the client hears where those are that went."""

        async def move(*words: object, **options: object) -> Copied:
            raise MovedInPart(Copied(8, (2,), (5,)), StorageFull("full"))

        self.patch(self.world.store.mail, "move", move)
        self.assertEqual(
            [
                b"* OK [COPYUID 8 2 5] Some were moved",
                b"a NO [UNAVAILABLE] Cannot store that now; try again later",
            ],
            self.client.lines(b"a MOVE 1:3 Sent"),
        )

    def test_copy_and_move(self) -> None:
        """Copies and moves tell where everything went (RFC 4315, RFC 6851)."""
        lines = self.client.lines
        self.assertEqual([b"a OK [COPYUID 8 1:2 1:2] Copied"], lines(b"a COPY 1:2 Sent"))
        self.assertEqual(
            [b"* OK [COPYUID 8 2:3 3:4] Moved", b"* 2 EXPUNGE", b"* 2 EXPUNGE", b"a OK Moved"],
            lines(b"a UID MOVE 2:9 Sent"),
        )
        self.assertEqual([b"a OK No messages"], lines(b"a UID COPY 9 Sent"))
        self.assertEqual([b"a NO [TRYCREATE] There is no such mailbox"], lines(b"a COPY 1 x"))
        self.assertEqual([b"a NO [TRYCREATE] There is no such mailbox"], lines(b"a MOVE 1 x"))

    def test_expunge(self) -> None:
        """EXPUNGE removes what is marked, UID EXPUNGE of that only what is named."""
        lines = self.client.lines
        lines(b"a STORE 1:3 FLAGS.SILENT \\Deleted")
        self.assertEqual([b"* 2 EXPUNGE", b"a OK Expunged"], lines(b"a UID EXPUNGE 2"))
        self.assertEqual([b"* 1 EXPUNGE", b"* 1 EXPUNGE", b"a OK Expunged"], lines(b"a EXPUNGE"))
        for numbers in (b"1", b"*", b"1:*", b"5:*"):
            self.assertEqual(
                [b"a BAD the mailbox is empty"], lines(b"a FETCH %b FLAGS" % numbers), numbers
            )
            for keys in (b"%b", b"NOT %b", b"UID %b", b"UNSEEN OR %b TEXT hi"):
                searched = lines(b"a UID SEARCH " + keys % numbers)
                self.assertEqual([b"* SEARCH", b"a OK Searched"], searched, keys)

    def test_close(self) -> None:
        """CLOSE removes what is marked without a word; UNSELECT leaves it."""
        lines = self.client.lines
        lines(b"a STORE 1 FLAGS.SILENT \\Deleted")
        self.assertEqual([b"a OK Left the mailbox"], lines(b"a UNSELECT"))
        self.assertIn(b"* 3 EXISTS", lines(b"a SELECT INBOX"))
        self.assertEqual([b"a OK Closed"], lines(b"a CLOSE"))
        self.assertIn(b"* 2 EXISTS", lines(b"a SELECT INBOX"))

    def test_search(self) -> None:
        """Keys of each kind find what they should, by number and by UID."""
        lines = self.client.lines
        lines(b"a STORE 1 FLAGS.SILENT (\\Deleted \\Seen)")
        lines(b"a EXPUNGE")
        for keys, numbers in [
            (b"ALL", b" 1 2"),
            (b"SUBJECT OUTER", b" 1"),
            (b"FROM example.org", b" 2"),
            (b"NOT SUBJECT outer", b" 2"),
            (b"OR SUBJECT outer SUBJECT hi", b" 1 2"),
            (b"TEXT inner", b" 1"),
            (b"BODY outer", b""),
            (b"2", b" 2"),
            (b"UID 2", b" 1"),
            (b"UID 3:* 1:2", b" 2"),
            (b"NEW", b" 1 2"),
            (b"OLD", b""),
            (b"SEEN", b""),
            (b"KEYWORD foo", b""),
            (b"SINCE 1-Mar-2026 BEFORE 2-Mar-2026", b" 1 2"),
            (b"ON 2-Mar-2026", b""),
            (b"LARGER %d" % len(PLAIN), b" 1"),
            (b"CHARSET UTF-8 SUBJECT hi", b" 2"),
            (b"HEADER Content-Type mixed", b" 1"),
        ]:
            self.assertEqual(
                [b"* SEARCH" + numbers, b"a OK Searched"], lines(b"a SEARCH " + keys), keys
            )
        self.assertEqual(b"* SEARCH 2 3", lines(b"a UID SEARCH ALL")[0])
        self.assertEqual(b"* SEARCH 3", lines(b"a UID SEARCH SUBJECT hi")[0])
        for keys, numbers in ((b"3", b""), (b"2:99", b" 2"), (b"9:*", b" 2"), (b"NOT 2:9", b" 1")):
            self.assertEqual(b"* SEARCH" + numbers, lines(b"a SEARCH " + keys)[0])
        self.assertEqual(
            [b"a NO [BADCHARSET (US-ASCII UTF-8)] unknown charset"],
            lines(b"a SEARCH CHARSET KOI8-R SUBJECT x"),
        )

    def test_append(self) -> None:
        """A message is taken with its flags and date, and seen at once."""
        say = self.client.say
        self.assertEqual(
            b"+ go ahead\r\n",
            say(b'a APPEND INBOX (\\Seen $X) " 7-Jul-1996 02:44:25 -0700" {%d}\r\n' % len(PLAIN)),
        )
        self.assertEqual(
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $X)\r\n"
            b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $X \\*)] "
            b"Flags that stay\r\n"
            b"* 4 EXISTS\r\n* 4 RECENT\r\na OK [APPENDUID 7 4] Appended\r\n",
            say(PLAIN + b"\r\n"),
        )
        self.assertEqual(
            b'* 4 FETCH (FLAGS (\\Seen $X \\Recent) INTERNALDATE " 7-Jul-1996 02:44:25 -0700")',
            self.client.lines(b"a FETCH 4 (FLAGS INTERNALDATE)")[-2],
        )

    def test_append_refused(self) -> None:
        """A message that cannot be kept is refused before it is sent."""
        lines = self.client.lines
        self.assertEqual([b"a NO [TRYCREATE] There is no such mailbox"], lines(b"a APPEND x {5}"))
        self.assertEqual(
            [b"a NO [TRYCREATE] There is no such mailbox"], lines(b"a APPEND x {5+}\r\nhello")
        )
        self.assertEqual(
            [b"a NO A message without an octet is none"], lines(b"a APPEND INBOX {0+}\r\n")
        )
        client = self.world.enter(settings=Settings(append_octets=4))
        self.assertEqual(
            [b"a NO [TOOBIG] the message is too large"], client.lines(b"a APPEND INBOX {5}")
        )
        account = run(self.world.store.accounts.account("ann"))
        run(self.world.store.accounts.update_account(account.id, quota_octets=300))
        client = self.world.enter()
        self.assertEqual(
            [b"a NO [OVERQUOTA] The quota would be exceeded"], client.lines(b"a APPEND INBOX {500}")
        )

    def test_append_cut_off(self) -> None:
        """Of a message that never came whole nothing is kept."""
        client = self.world.enter()
        client.say(b"a APPEND INBOX {100}\r\nhalf")
        client.server.connectionLost(Failure(ConnectionLost()))
        self.assertEqual([b"a OK Nothing done"], self.client.lines(b"a NOOP"))


class Together(SynchronousTestCase):
    """Several sessions, one mailbox."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(PLAIN, PLAIN, PLAIN)
        self.one = self.world.enter()
        self.other = self.world.enter()

    def test_idle(self) -> None:
        """A client in IDLE hears of everything at once, of a burst in one go."""
        self.assertEqual(b"+ idling\r\n", self.other.say(b"i IDLE\r\n"))
        self.world.deliver(PLAIN)
        self.world.deliver(PLAIN)
        self.one.say(b"a STORE 1 +FLAGS.SILENT \\Flagged\r\n")
        self.assertEqual(b"", self.other.heard())
        self.assertEqual(
            b"* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n* 5 EXISTS\r\n* 0 RECENT\r\n",
            self.other.turn(),  # they are recent in the session that was told first
        )
        self.one.say(b"a STORE 2:3 +FLAGS.SILENT \\Deleted\r\na EXPUNGE\r\n")
        self.assertEqual(b"* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n", self.other.turn())
        self.assertEqual(b"i OK Idle ended\r\n", self.other.say(b"DONE\r\n"))
        self.world.deliver(PLAIN)
        self.assertEqual(b"", self.other.turn())

    def test_idle_while_the_client_does_not_read(self) -> None:
        """To a client that does not read nothing is said, however much happens."""
        self.other.say(b"i IDLE\r\n")
        self.other.server.writer.pauseProducing()
        for _ in range(5):
            self.world.deliver(PLAIN)
            self.assertEqual(b"", self.other.turn())
        self.other.server.writer.resumeProducing()
        self.assertEqual(b"* 8 EXISTS\r\n* 5 RECENT\r\n", self.other.turn())
        self.world.deliver(PLAIN)
        self.assertEqual(b"* 9 EXISTS\r\n* 6 RECENT\r\n", self.other.turn())

    def test_a_newsgroup(self) -> None:
        """In a public folder each reads for himself, and nothing stays recent for ever."""
        group = run(self.world.store.mail.create_folder(None, "comp.lang", kind=FolderKind.GROUP))
        draft = self.world.store.mail.draft()
        draft.write(PLAIN)
        run(self.world.store.mail.commit(draft, [Placement(group.id)]))
        ann, ben = (self.world.enter(None, name) for name in (b"ann", b"ben"))
        for client in (ann, ben):
            lines = client.lines(b"a SELECT Public/comp.lang")
            self.assertIn(b"* 1 EXISTS", lines)
            self.assertIn(b"* 0 RECENT", lines)
        ben.say(b"i IDLE\r\n")
        self.assertIn(b"FLAGS (\\Seen)", ann.say(b"a FETCH 1 BODY[TEXT]\r\n"))
        self.assertNotIn(b"\\Seen", ben.turn())
        flagged = frozenset({"\\Flagged"})
        run(self.world.store.mail.store_flags(group.id, [1], FlagAction.ADD, flagged, None))
        self.assertEqual(b"* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n", ben.turn())
        self.assertEqual(
            [b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen))", b"a OK Nothing done"],
            ann.lines(b"a NOOP"),
        )
        self.assertEqual(b"i OK Idle ended\r\n", ben.say(b"DONE\r\n"))
        self.assertEqual([b"* SEARCH 1", b"a OK Searched"], ben.lines(b"a SEARCH UNSEEN"))
        self.assertEqual([b"* SEARCH", b"a OK Searched"], ann.lines(b"a SEARCH UNSEEN"))
        self.assertTrue(ben.lines(b"a EXPUNGE")[0].startswith(b"a NO [NOPERM]"))
        self.assertEqual(
            [b"a NO [NOPERM] That is not permitted"], ben.lines(b"a COPY 1 Public/comp.lang")
        )

    def test_copy_of_what_is_gone(self) -> None:
        """Who names by number what is there no more is not told that it was put elsewhere (RFC
        2180, 4.4.1); by UID it is just not there."""
        for verb in (b"COPY", b"MOVE"):
            self.one.say(b"a STORE 1 +FLAGS.SILENT \\Deleted\r\na EXPUNGE\r\n")
            self.assertEqual(
                [
                    b"* 1 EXPUNGE",
                    b"b NO [EXPUNGEISSUED] Some of the messages no longer exist",
                ],
                self.other.lines(b"b %b 1 Sent" % verb),
            )
            answer = self.other.lines(b"b UID %b 1 Sent" % verb)
            self.assertEqual([b"b OK No messages"], answer)

    def test_numbers_do_not_move_under_a_command(self) -> None:
        """What another session expunged is told after the next command that may tell it."""
        self.one.say(b"a STORE 2 +FLAGS.SILENT \\Deleted\r\na EXPUNGE\r\n")
        self.assertEqual(
            [
                b"* 1 FETCH (UID 1)",
                b"* 3 FETCH (UID 3)",
                b"b OK [EXPUNGEISSUED] Fetched what is left",
            ],
            self.other.lines(b"b FETCH 1:3 UID"),
        )
        self.assertEqual(
            [b"b NO [EXPUNGEISSUED] Some of the messages no longer exist"],
            self.other.lines(b"b FETCH 2 UID"),
        )
        self.assertEqual(
            [b"* SEARCH 1 3", b"b OK Searched"], self.other.lines(b"b SEARCH UNDELETED")
        )
        self.assertEqual([b"* 2 EXPUNGE", b"b OK Nothing done"], self.other.lines(b"b NOOP"))
        self.assertEqual(
            [b"* 2 FETCH (UID 3)", b"b OK Fetched"], self.other.lines(b"b FETCH 2 UID")
        )

    def test_new_messages_come_with_any_command(self) -> None:
        """EXISTS may come while numbers are used."""
        self.world.deliver(PLAIN)
        self.assertEqual(
            [b"* 1 FETCH (UID 1)", b"* 4 EXISTS", b"* 1 RECENT", b"b OK Fetched"],
            self.other.lines(b"b FETCH 1 UID"),
        )

    def test_recent(self) -> None:
        """Messages are recent to the first session, and no longer to the one after."""
        self.assertIn(b"* 0 RECENT", self.world.enter(None).lines(b"a SELECT INBOX"))
        self.world.deliver(PLAIN)
        self.other.say(b"b NOOP\r\n")
        self.other.say(b"b CLOSE\r\n")
        self.assertIn(b"* 0 RECENT", self.world.enter(None).lines(b"a SELECT INBOX"))

    def test_mailbox_deleted(self) -> None:
        """Whoever has a mailbox open that another session deletes is told, and must come again."""
        idle = self.world.enter(b"Sent")
        idle.say(b"i IDLE\r\n")
        quiet = self.world.enter(b"Sent")
        self.one.say(b"a DELETE Sent\r\n")
        for client in (idle, quiet):
            self.assertEqual(b"* BYE The selected mailbox was deleted\r\n", client.turn())
            self.assertTrue(client.transport.disconnecting)

    def test_mailbox_renamed(self) -> None:
        """A rename disturbs nobody who has the mailbox open."""
        client = self.world.enter(b"Sent")
        self.one.say(b"a RENAME Sent Out\r\n")
        self.assertEqual(b"", client.turn())
        self.world.deliver(PLAIN, folder="Out")
        self.assertEqual(
            [b"* 1 EXISTS", b"* 1 RECENT", b"a OK Nothing done"], client.lines(b"a NOOP")
        )

    def test_changes_from_elsewhere(self) -> None:
        """What POP3 or the web console changes is told like any change."""
        account = run(self.world.store.accounts.account("ann"))
        folder = run(self.world.store.mail.folder(account.id, "INBOX"))
        run(
            self.world.store.mail.store_flags(
                folder.id, [2], FlagAction.ADD, frozenset({"$Work"}), account.id
            )
        )
        self.assertEqual(b"* 2 FETCH (UID 2 FLAGS ($Work))", self.other.lines(b"b NOOP")[2])

    def test_keywords_imap_cannot_say(self) -> None:
        """A keyword that another protocol set and no atom can hold harms no listing."""
        self.world.deliver(PLAIN, flags=["to do", "f\u00fcr mich", "x"])
        self.other.say(b"b NOOP\r\n")
        self.assertEqual(
            [b"* 4 FETCH (FLAGS (x \\Recent))", b"b OK Fetched"],
            self.other.lines(b"b FETCH 4 FLAGS")[-2:],
        )

    def test_many_parts(self) -> None:
        """Messages of many parts are answered with turns of others between them."""
        many = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 900
        self.world.deliver(many, many)
        self.one.say(b"a NOOP\r\n")
        for item, shown in ((b"BODY", b"BODY (("), (b"BODY.PEEK[899]", b"BODY[899] {1}")):
            answer = self.one.say(b"a FETCH 4:5 %b\r\n" % item)
            self.assertNotIn(b"a OK", answer)
            self.assertNotIn(b"* 5 FETCH", answer)
            answer += self.one.turn() + self.one.turn()
            self.assertEqual(2, answer.count(shown), item)
            self.assertTrue(answer.endswith(b"a OK Fetched\r\n"), answer[-80:])

    def test_shutdown(self) -> None:
        """When the service stops, idle clients hear why."""
        self.other.say(b"i IDLE\r\n")
        self.other.server.drain()
        self.assertEqual(b"* BYE [UNAVAILABLE] The server is stopping\r\n", self.other.heard())

    def test_own_fault(self) -> None:
        """An error of ours is answered NO, without a word of what went wrong."""
        self.one.server._mail = None
        answer = self.one.say(b"a NAMESPACE\r\n")
        self.assertEqual(b"a NO [SERVERBUG] Something went wrong here\r\n", answer)
        self.assertEqual(1, len(self.flushLoggedErrors(LocalProtocolError)))
        self.assertEqual(b"a OK Nothing done\r\n", self.one.say(b"a NOOP\r\n"))


class Failures(SynchronousTestCase):
    """What goes wrong on our side."""

    def setUp(self) -> None:
        self.world = World()
        self.large = b"Subject: large\r\n\r\n" + b"x" * 300_000
        self.world.deliver(self.large)
        self.client = self.world.enter()
        self.mail: Any = self.client.server.mail

    def test_the_store_refuses(self) -> None:
        """Each refusal of the store has its code, and the session goes on."""

        def refusing(error: StoreError) -> Any:
            async def refuse(*arguments: object) -> None:
                raise error

            return refuse

        for error, code in [
            (Busy("x"), b"UNAVAILABLE"),
            (StorageFull("x"), b"UNAVAILABLE"),
            (OverQuota("x"), b"OVERQUOTA"),
            (NotPermitted("x"), b"NOPERM"),
            (StoreError("x"), b"SERVERBUG"),
        ]:
            self.mail.copy = refusing(error)
            answer = self.client.say(b"a COPY 1 Sent\r\n")
            self.assertTrue(answer.startswith(b"a NO [" + code + b"] "), answer)
            self.assertNotIn(b"x", answer.split(b"] ")[1].replace(b"exceeded", b""))

    def test_content_that_breaks_off(self) -> None:
        """When a promised literal cannot be had, the connection ends: nothing else would be
        understood."""

        async def short(*arguments: object) -> AsyncIterator[bytes]:
            yield self.large[:1000]

        self.mail.read = short
        answer = self.client.say(b"a FETCH 1 BODY.PEEK[]\r\n")
        self.assertNotIn(b"a OK", answer)
        self.assertNotIn(b"a NO", answer)
        self.assertTrue(self.client.transport.disconnecting)
        self.assertEqual(1, len(self.flushLoggedErrors(BrokenContent)))

    def test_content_that_is_gone(self) -> None:
        """A message that goes while it is asked for is passed over, and the client told so."""

        async def gone(*arguments: object) -> AsyncIterator[bytes]:
            if arguments:
                raise NoSuchMessage("gone")
            yield b""

        self.mail.read = gone
        self.assertEqual(
            b"a NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n",
            self.client.say(b"a FETCH 1 BODY.PEEK[]\r\n"),
        )
        self.assertEqual(b"a OK Nothing done\r\n", self.client.say(b"a NOOP\r\n"))
