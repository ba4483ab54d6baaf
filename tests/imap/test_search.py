"""What SEARCH answers and keeps: RETURN, ``$``, PARTIAL, and the keys that came since RFC 3501."""

from __future__ import annotations

from datetime import timedelta

from netsuite.imap.sequences import spans_within
from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import NOW, World


def message(subject: str) -> bytes:
    return f"Subject: {subject}\r\n\r\nbody\r\n".encode()


class Searches(SynchronousTestCase):
    """Five messages, whose UIDs are one more than their numbers."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(*map(message, ("gone", "one", "two", "one", "two", "three")))
        self.client = self.world.enter()
        self.client.say(b"a UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\na EXPUNGE\r\n")

    def found(self, search: bytes) -> bytes:
        """Return the answer to a search that is done."""
        *answer, end = self.client.lines(b"a " + search)
        self.assertTrue(end.startswith(b"a OK"), end)
        return b"".join(answer)

    def ends(self, command: bytes) -> bytes:
        """Return how a command ends."""
        return self.client.lines(b"a " + command)[-1]


class Returned(Searches):
    """ESEARCH and PARTIAL."""

    def test_options(self) -> None:
        """What is asked for is told, by number or UID; nothing of what is not found."""
        e = b'* ESEARCH (TAG "a")'
        for search, answer in [
            (b"SEARCH RETURN () SUBJECT one", e + b" ALL 1,3"),
            (b"SEARCH RETURN (ALL) ALL", e + b" ALL 1:5"),
            (b"UID SEARCH RETURN (ALL) SUBJECT one", e + b" UID ALL 2,4"),
            (b"SEARCH RETURN (MIN) ALL", e + b" MIN 1"),
            (b"UID SEARCH RETURN (MAX MIN) ALL", e + b" UID MIN 2 MAX 6"),
            (b"SEARCH RETURN (COUNT) SUBJECT t", e + b" COUNT 3"),
            (b"search return (min max all count) SUBJECT x", e + b" COUNT 0"),
            (b"SEARCH RETURN (MIN) SUBJECT x", e),
            (b"SEARCH RETURN (PARTIAL 1:2) SUBJECT t", e + b" PARTIAL (1:2 2,4)"),
            (b"SEARCH RETURN (PARTIAL 2:1) SUBJECT t", e + b" PARTIAL (1:2 2,4)"),
            (b"UID SEARCH RETURN (PARTIAL 3:9) ALL", e + b" UID PARTIAL (3:9 4:6)"),
            (b"SEARCH RETURN (PARTIAL -2:-9 COUNT) ALL", e + b" COUNT 5 PARTIAL (-2:-9 1:4)"),
            (b"SEARCH RETURN (PARTIAL 6:9) ALL", e + b" PARTIAL (6:9 NIL)"),
            (b"SEARCH RETURN (PARTIAL -6:-9) ALL", e + b" PARTIAL (-6:-9 NIL)"),
        ]:
            self.assertEqual(answer, self.found(search), search)

    def test_modseq(self) -> None:
        """The mod-sequence is that of the messages that are told (RFC 4731, 3.2)."""
        self.client.say(b"a STORE 2 +FLAGS.SILENT (x)\r\n")
        e = b'* ESEARCH (TAG "a")'
        for search, answer in [
            (b"RETURN (MIN)", b" MIN 1 MODSEQ 7"),
            (b"RETURN (MIN MAX)", b" MIN 1 MAX 5 MODSEQ 7"),
            (b"RETURN (PARTIAL 2:3)", b" PARTIAL (2:3 2:3) MODSEQ 9"),
            (b"RETURN (MIN COUNT)", b" MIN 1 COUNT 5 MODSEQ 9"),
        ]:
            heard = self.found(b"SEARCH %b MODSEQ 1" % search)
            self.assertEqual(e + answer.split(b" MODSEQ")[0], heard.split(b" MODSEQ")[0])
            self.assertIn(b" MODSEQ ", heard)
        highest = self.found(b"SEARCH RETURN (COUNT) MODSEQ 1")
        self.assertNotEqual(
            highest.rpartition(b" ")[2],
            self.found(b"SEARCH RETURN (MIN) MODSEQ 1").rpartition(b" ")[2],
        )
        self.assertEqual(e, self.found(b"SEARCH RETURN (MIN) MODSEQ 99"))

    def test_for_rev2(self) -> None:
        """Who has enabled IMAP4rev2 hears ESEARCH in any case (RFC 9051, 6.4.4)."""
        self.client.say(b"a ENABLE IMAP4rev2\r\n")
        self.assertEqual(b'* ESEARCH (TAG "a") ALL 1,3', self.found(b"SEARCH SUBJECT one"))

    def test_refused(self) -> None:
        """What cannot be asked for is BAD."""
        for search in (
            b"RETURN ALL",
            b"RETURN (FIRST) ALL",
            b"RETURN (PARTIAL) ALL",
            b"RETURN (PARTIAL 0:1) ALL",
            b"RETURN (PARTIAL -1:1) ALL",
            b"RETURN (PARTIAL 1:4294967296) ALL",
            b"RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL",
            b"RETURN (ALL PARTIAL 1:2) ALL",
            b"RETURN ()",
            b"RETURN",
            b"OLDER 0",
            b"YOUNGER x",
            b"EMAILID (x)",
            b"THREADID a.b",
            b"FUZZY",
            b"$1",
            b"1,$",
        ):
            self.assertTrue(self.ends(b"SEARCH " + search).startswith(b"a BAD"), search)
        for command in (b"FETCH 1 FLAGS (PARTIAL 1:2)", b"UID FETCH 1 FLAGS (PARTIAL 0:2)"):
            self.assertTrue(self.ends(command).startswith(b"a BAD"), command)

    def test_fetched_in_part(self) -> None:
        """UID FETCH takes of the messages that are there what PARTIAL says."""
        for window, numbers in ((b"1:2", [2, 3]), (b"-1:-2", [4, 5]), (b"4:9", [5]), (b"9:9", [])):
            heard = self.client.lines(b"a UID FETCH 3:9 (UID) (PARTIAL %b)" % window)
            self.assertEqual([b"* %d FETCH (UID %d)" % (n, n + 1) for n in numbers], heard[:-1])
        self.assertEqual([(1, 2), (5, 7)], spans_within([(0, 2), (5, 9)], (2, 4)))
        self.assertEqual([(8, 9)], spans_within([(0, 2), (5, 9)], (-1, -1)))


class Saved(Searches):
    """SEARCHRES."""

    def saved(self) -> bytes:
        """Return the UIDs that are kept."""
        return self.found(b"UID SEARCH $").removeprefix(b"* SEARCH").strip()

    def test_kept(self) -> None:
        """What is kept is what is told, or all (RFC 5182, 2.4; RFC 9394, 3.1)."""
        self.assertEqual(b"", self.saved())
        for options, uids in [
            (b"SAVE", b"2 3 4 5 6"),
            (b"SAVE MIN", b"2"),
            (b"MAX SAVE", b"6"),
            (b"SAVE MIN MAX", b"2 6"),
            (b"SAVE MIN ALL", b"2 3 4 5 6"),
            (b"SAVE COUNT", b"2 3 4 5 6"),
            (b"SAVE PARTIAL 2:3", b"3 4"),
            (b"SAVE MAX PARTIAL 2:3", b"3 4 6"),
        ]:
            heard = self.found(b"SEARCH RETURN (%b) ALL" % options)
            self.assertEqual(options == b"SAVE", not heard)
            self.assertEqual(uids, self.saved(), options)
        self.found(b"UID SORT RETURN (SAVE) (REVERSE ARRIVAL) UTF-8 SUBJECT one")
        self.assertEqual(b"2 4", self.saved())
        self.found(b"SEARCH ALL")
        self.assertEqual(b"2 4", self.saved())

    def test_used(self) -> None:
        """It stands wherever messages are named, for numbers and UIDs alike."""
        self.found(b"SEARCH RETURN (SAVE) SUBJECT one")
        for command in (b"FETCH $ (UID)", b"UID FETCH $ (UID)"):
            self.assertEqual(b"* 1 FETCH (UID 2)* 3 FETCH (UID 4)", self.found(command))
        for search in (b"SEARCH $", b"SEARCH UID $", b"SEARCH OR $ SUBJECT x"):
            self.assertEqual(b"* SEARCH 1 3", self.found(search))
        self.assertEqual(b"* SEARCH 2 4 5", self.found(b"SEARCH NOT $"))
        self.assertIn(b"COPYUID", self.ends(b"COPY $ Sent"))
        self.found(b"STORE $ +FLAGS.SILENT (\\Deleted)")
        self.assertEqual(b"* 1 EXPUNGE* 2 EXPUNGE", self.found(b"UID EXPUNGE $"))
        # What is gone falls out of it.
        self.assertEqual(b"* SEARCH", self.found(b"SEARCH $"))
        self.assertTrue(self.ends(b"COPY $ Sent").startswith(b"a OK "))

    def test_in_itself(self) -> None:
        """A search may narrow down what the last one found."""
        self.found(b"SEARCH RETURN (SAVE) SUBJECT t")
        self.found(b"SEARCH RETURN (SAVE) $ SUBJECT three")
        self.assertEqual(b"6", self.saved())

    def test_emptied(self) -> None:
        """A search that fails leaves nothing, one that is BAD what there was; another mailbox has
        nothing."""
        self.found(b"SEARCH RETURN (SAVE) ALL")
        self.assertTrue(self.ends(b"SEARCH RETURN (SAVE) x").startswith(b"a BAD"))
        self.assertEqual(b"2 3 4 5 6", self.saved())
        self.assertIn(b"BADCHARSET", self.ends(b"SEARCH RETURN (SAVE) CHARSET x ALL"))
        self.assertEqual(b"", self.saved())
        self.found(b"SEARCH RETURN (SAVE) ALL")
        self.client.say(b"a EXAMINE INBOX\r\n")
        self.assertEqual(b"", self.saved())

    def test_without_numbers(self) -> None:
        """With UIDONLY it is no number, and may stand in searches by UID."""
        self.found(b"UID SEARCH RETURN (SAVE) SUBJECT one")
        self.client.say(b"a ENABLE UIDONLY\r\n")
        self.assertEqual(b"2 4", self.saved())
        for command in (b"SEARCH $", b"UID SORT (DATE) UTF-8 1:2", b"SORT (DATE) UTF-8 ALL",
                        b"THREAD REFERENCES UTF-8 ALL"):  # fmt: skip
            self.assertIn(b"UIDREQUIRED", self.ends(command), command)


class Keys(Searches):
    """WITHIN, SAVEDATE, OBJECTID and FUZZY."""

    def test_found(self) -> None:
        """Each finds what it means."""
        for search, numbers in [
            (b"SAVEDATESUPPORTED", b" 1 2 3 4 5"),
            (b"SAVEDON 1-Mar-2026", b" 1 2 3 4 5"),
            (b"SAVEDBEFORE 1-Mar-2026", b""),
            (b"SAVEDSINCE 2-Mar-2026", b""),
            (b'FUZZY SUBJECT "one  o"', b" 1 3"),
            (b'FUZZY (OR SUBJECT three TEXT "o w")', b" 2 4 5"),
            (b"THREADID x", b""),
            (b"EMAILID x", b""),
        ]:
            self.assertEqual(b"* SEARCH" + numbers, self.found(b"SEARCH " + search), search)
        email = self.found(b"FETCH 2 (EMAILID)").split(b"(")[2].rstrip(b")")
        self.assertEqual(b"* SEARCH 2", self.found(b"SEARCH EMAILID " + email))

    def test_ages(self) -> None:
        """OLDER and YOUNGER count from now, to the second."""
        everything, nothing = b"* SEARCH 1 2 3 4 5", b"* SEARCH"
        for later, old, young in ((4, nothing, everything), (5, everything, everything),
                                  (6, everything, nothing)):  # fmt: skip
            self.world.now = NOW + timedelta(seconds=later)
            self.client = self.world.enter()
            self.assertEqual(old, self.found(b"SEARCH OLDER 5"))
            self.assertEqual(young, self.found(b"SEARCH YOUNGER 5"))
        self.assertEqual(everything, self.found(b"SEARCH YOUNGER 4294967295"))


class Objects(SynchronousTestCase):
    """Mailboxes' object ids (RFC 8474)."""

    def test_kept(self) -> None:
        """A mailbox has one from its creation, and keeps it when it is renamed."""
        client = World().enter(None)
        made = client.lines(b"a CREATE x")[-1]
        self.assertTrue(made.startswith(b"a OK [MAILBOXID (F"), made)
        code = made[made.index(b"(") : made.index(b"]")]
        client.say(b"a RENAME x y\r\n")
        self.assertEqual(
            b"* STATUS y (MAILBOXID %b)" % code, client.lines(b"a STATUS y (MAILBOXID)")[0]
        )
        self.assertIn(b"* OK [MAILBOXID %b] Its object id" % code, client.lines(b"a EXAMINE y"))
