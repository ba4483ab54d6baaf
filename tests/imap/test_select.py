"""SELECT while others change the mailbox, and what who comes back with QRESYNC is told."""

from __future__ import annotations

from netsuite.store.model import FlagAction, FolderId, Opened
from netsuite.testing.cases import SynchronousTestCase
from tests.coroutines import run
from tests.imap.world import Client, World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"


class Opening(SynchronousTestCase):
    """A mailbox that is being opened."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(*[PLAIN] * 5)
        self.client = self.world.enter(None)
        self.other = self.world.enter()

    def expunge(self, *uids: int, client: Client | None = None) -> None:
        """Have messages removed by another session."""
        for uid in uids:
            (client or self.other).say(
                b"x UID STORE %d +FLAGS.SILENT \\Deleted\r\nx UID EXPUNGE %d\r\n" % (uid, uid)
            )

    def test_changes_count_once(self) -> None:
        """What happens while the mailbox is read is in what SELECT says, or is told after it."""
        mail = self.client.server.mail
        read = mail.opened

        async def opened(folder: FolderId, since: int | None = None) -> Opened:
            self.expunge(2)
            self.world.deliver(PLAIN)
            found = await read(folder, since)
            self.expunge(3)
            self.world.deliver(PLAIN, flags=["$Late"])
            return found

        self.patch(mail, "opened", opened)
        lines = self.client.lines(b"s SELECT INBOX")
        self.assertIn(b"* 5 EXISTS", lines)
        self.assertIn(b"* OK [UIDNEXT 7] Next UID", lines)
        lines = self.client.lines(b"a NOOP")
        self.assertEqual([b"* 2 EXPUNGE"], [line for line in lines if b"EXPUNGE" in line])
        self.assertEqual([b"* 5 EXISTS"], [line for line in lines if b"EXISTS" in line])
        # Its keyword is listed before anybody sees it.
        self.assertIn(b"$Late", lines[0])
        self.assertEqual([b"a OK Nothing done"], self.client.lines(b"a NOOP"))

    def vanished(self, parameters: bytes) -> bytes:
        """Return what a SELECT with QRESYNC says of UIDs that are gone."""
        lines = self.client.lines(b"s SELECT INBOX (QRESYNC (%b))" % parameters)
        self.assertEqual(b"s OK [READ-WRITE] Selected", lines[-1])
        return b"".join(line for line in lines if b"VANISHED" in line)

    def test_matching(self) -> None:
        """What is gone up to where number and UID still match is known to the client."""
        self.client.say(b"e ENABLE QRESYNC\r\n")
        self.expunge(1, 4)
        for parameters, expected in (
            (b"7 1", b"1,4"),
            (b"7 0", b"1,4"),
            (b"7 1 2:9", b"4"),
            (b"7 1 1:5 (1 2)", b"4"),
            (b"7 1 1:5 (1:2 2:3)", b"4"),
            (b"7 1 (1:3 2,3,5)", b""),
            (b"7 1 (1:5 1:5)", b"1,4"),
            (b"7 1 (1:4294967295 1:4294967295)", b"1,4"),
        ):
            told = b"* VANISHED (EARLIER) " + expected if expected else b""
            self.assertEqual(told, self.vanished(parameters), parameters)
        self.assertEqual(b"", self.vanished(b"8 1"))

    def test_taken_back(self) -> None:
        """A mod-sequence that runs ahead of an untold expunge is taken back (RFC 7162, 3.2.5.1);
        who leaves then is told of it when it comes back."""
        self.client.say(b"e ENABLE QRESYNC\r\ns SELECT INBOX\r\n")
        self.expunge(2)
        self.other.say(b"x UID STORE 5 +FLAGS.SILENT \\Seen\r\n")
        lines = self.client.lines(b"a FETCH 5 (FLAGS MODSEQ)")
        self.assertIn(b"MODSEQ (9)", lines[0])
        self.assertEqual(b"a OK [HIGHESTMODSEQ 7] Fetched", lines[-1])
        self.assertEqual(b"* VANISHED (EARLIER) 2", self.vanished(b"7 7"))

    def test_recent_once(self) -> None:
        """What comes while two sessions have the mailbox open is recent in one of them."""
        self.client.say(b"s SELECT INBOX\r\n")
        self.world.deliver(PLAIN)
        answers = [
            client.say(b"a NOOP\r\na FETCH 6 FLAGS\r\n") for client in (self.client, self.other)
        ]
        self.assertEqual([True, False], [b"\\Recent" in answer for answer in answers])

    def test_keywords_that_are_read(self) -> None:
        """Flags that a change did not bring along may have a keyword of a later one, of which
        nobody has heard yet: it is listed before it is used (RFC 3501, 7.2.6)."""
        selected = self.other.server.selected
        assert selected is not None
        selected.close()  # it hears of nothing
        mail, folder = self.world.store.mail, selected.folder.id
        run(mail.store_flags(folder, [1], FlagAction.ADD, frozenset({"$New"}), None))
        selected.view.note_flags(selected.view.modseq + 1, [1], [None])
        flags, permanent, fetched, ended = self.other.lines(b"a NOOP")
        self.assertTrue(flags.startswith(b"* FLAGS ("))
        self.assertIn(b"$New", flags)
        self.assertIn(b"$New", permanent)
        self.assertTrue(fetched.startswith(b"* 1 FETCH (UID 1 FLAGS ("))
        self.assertEqual(b"a OK Nothing done", ended)

    def test_silent_store(self) -> None:
        """A STORE.SILENT of what is left is OK, though some are gone (RFC 2180, 4.2.1)."""
        self.client.say(b"s SELECT INBOX\r\n")
        self.expunge(2)
        self.assertEqual([b"a OK Stored"], self.client.lines(b"a STORE 1:3 +FLAGS.SILENT \\Seen"))
        answer = self.client.lines(b"a STORE 1:3 +FLAGS \\Draft")
        self.assertIn(b"a NO [EXPUNGEISSUED]", answer[-1])
        self.assertEqual(b"a OK Stored", self.client.lines(b"a UID STORE 2 +FLAGS \\Draft")[-1])

    def test_rubbish_in_idle(self) -> None:
        """LOGOUT and rubbish in IDLE end it with BAD; the session goes on."""
        for said in (b"x LOGOUT", b"", b"\x00\xff", b"DONE 1", b"x" * 100):
            self.assertEqual(b"+ idling\r\n", self.other.say(b"i IDLE\r\n"))
            self.assertIn(b"i BAD", self.other.say(said + b"\r\n"))
            self.assertEqual([b"a OK Nothing done"], self.other.lines(b"a NOOP"))
