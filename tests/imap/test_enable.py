"""What ENABLE changes: UIDONLY (RFC 9586) and IMAP4rev2 (RFC 9051)."""

from __future__ import annotations

from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import Client, World

PLAIN = b"Subject: hi\r\n\r\nbody\r\n"


class Enabled(SynchronousTestCase):
    """A session with an extension, and one without."""

    def enter(self, name: bytes, parameters: bytes = b"") -> Client:
        """Log in with an extension enabled and INBOX selected; what SELECT said is kept."""
        self.world = World()
        self.world.deliver(PLAIN, PLAIN, PLAIN)
        client = self.world.enter(None)
        answer = client.lines(b"e ENABLE " + name)
        self.assertEqual([b"* ENABLED " + name, b"e OK Enabled what is known"], answer)
        self.assertEqual(b"* ENABLED", client.lines(b"e ENABLE " + name)[0])
        self.selected = client.lines(b"s SELECT INBOX" + parameters)
        self.other = self.world.enter()
        return client

    def test_both(self) -> None:
        """What another has in it is told of too where both are asked for, in any order."""
        for names in (b"QRESYNC CONDSTORE", b"CONDSTORE QRESYNC"):
            answer = World().enter(None).lines(b"e ENABLE " + names)
            self.assertEqual(b"* ENABLED CONDSTORE QRESYNC", answer[0], names)

    def test_uid_only(self) -> None:
        """Messages go by UID: UIDFETCH takes the place of FETCH, VANISHED that of EXPUNGE."""
        client = self.enter(b"UIDONLY")
        self.assertIn(b"* 3 EXISTS", self.selected)
        self.assertNotIn(b"UNSEEN", b"".join(self.selected))
        self.assertEqual(
            [b"* 2 UIDFETCH (FLAGS (\\Seen \\Recent))", b"a OK Stored"],
            client.lines(b"a UID STORE 2 +FLAGS (\\Seen)"),
        )
        self.other.say(b"a STORE 1 FLAGS \\Deleted\r\na EXPUNGE\r\n")
        self.other.say(b"a STORE 1 +FLAGS \\Flagged\r\n")
        self.assertEqual(
            [
                b"* VANISHED 1",
                b"* 2 UIDFETCH (FLAGS (\\Flagged \\Seen \\Recent))",
                b"a OK Nothing done",
            ],
            client.lines(b"a NOOP"),
        )

    def test_uid_required(self) -> None:
        """A command that names numbers, or asks for them, is refused; the session goes on."""
        client = self.enter(b"UIDONLY")
        client.say(b"e ENABLE QRESYNC\r\n")
        for command in (
            b"FETCH 1 FLAGS",
            b"STORE 1 FLAGS ()",
            b"COPY 1 Sent",
            b"MOVE 1 Sent",
            b"SEARCH ALL",
            b"UID SEARCH 1:3",
            b"UID SEARCH OR NOT 1 ALL",
            b"SELECT INBOX (QRESYNC (7 1 (1 1)))",
        ):
            self.assertEqual(
                [b"a BAD [UIDREQUIRED] Messages go by UID alone"],
                client.lines(b"a " + command),
                command,
            )
        self.assertEqual([b"* SEARCH 1 2 3", b"a OK Searched"], client.lines(b"a UID SEARCH ALL"))
        self.assertEqual([b"* SEARCH 2", b"a OK Searched"], client.lines(b"a UID SEARCH UID 2"))

    def test_rev2(self) -> None:
        """There is no \\Recent, and SELECT says the mailbox's name and no UNSEEN."""
        client = self.enter(b"IMAP4rev2")
        self.assertEqual(b'* LIST () "/" INBOX', self.selected[-2])
        said = b"".join(self.selected)
        for word in (b"RECENT", b"UNSEEN"):
            self.assertNotIn(word, said)
        self.assertEqual(b"* 1 FETCH (FLAGS ())", client.lines(b"a FETCH 1 FLAGS")[0])
        self.world.deliver(PLAIN)
        self.assertEqual([b"* 4 EXISTS", b"a OK Nothing done"], client.lines(b"a NOOP"))
        # It left them to others.
        other = self.world.enter()
        self.assertIn(b"\\Recent", other.say(b"a FETCH 4 FLAGS\r\n"))
        examined = client.lines(b"a EXAMINE inbox")  # of capitals nothing is told: it is that name
        self.assertEqual(b"* OK [CLOSED] Left the mailbox", examined[0])
        self.assertEqual(b'* LIST () "/" INBOX', examined[-2])

    def test_normalized_names(self) -> None:
        """A name that is kept in another form than it was given in is told with both; without
        IMAP4rev2 nothing is (RFC 9051, 6.3.9.7)."""
        client = self.enter(b"IMAP4rev2")
        given, kept = '"A\u0308"'.encode(), '"\u00c4"'.encode()
        told = b'* LIST () "/" %b ("OLDNAME" (%b))' % (kept, given)
        self.assertEqual(told, client.lines(b"a CREATE " + given)[0])
        for command in (b"SELECT", b"EXAMINE"):
            self.assertIn(told, client.lines(b"a %b %b" % (command, given)))
            self.assertIn(b'* LIST () "/" ' + kept, client.lines(b"a %b %b" % (command, kept)))
        self.assertIn(told, client.lines(b"a APPEND %b {1+}\r\nx" % given))
        self.assertEqual(
            b'* LIST () "/" B ("OLDNAME" (%b))' % given,
            client.lines(b"a RENAME %b B" % given)[0],
        )
        self.assertEqual(
            b'* LIST () "/" %b ("OLDNAME" (B))' % kept,
            client.lines(b"a RENAME B %b" % given)[0],
        )
        self.assertEqual(
            [
                b'* LIST (\\NonExistent) "/" %b ("OLDNAME" (%b))' % (kept, given),
                b"a OK Deleted",
            ],
            client.lines(b"a DELETE " + given),
        )
        self.assertEqual(1, len(client.lines(b"a CREATE B")))
        self.assertEqual(1, len(client.lines(b"a RENAME B C")))
        self.assertEqual(1, len(self.other.lines(b"a CREATE A&Awg-")))
