"""SORT and THREAD, as clients see them; and that others have their turn meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from unittest import mock

from netsuite.imap.server import sorting
from netsuite.testing.cases import SynchronousTestCase
from tests.imap.world import World


def message(subject: str, sender: str, date: str = "", to: str = "", **fields: str) -> bytes:
    """Return a message."""
    lines = [f"Subject: {subject}", f"From: {sender}"]
    lines += [f"{name}: {value}" for name, value in (("Date", date), ("To", to)) if value]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join((*lines, "", "body", "")).encode()


class Sorted(SynchronousTestCase):
    """SORT by each criterion."""

    def setUp(self) -> None:
        self.world = World()
        self.world.deliver(
            message("pear", "Zed <a@x>", "Mon, 05 Jan 2026 10:00:00 +0000", "b@x"),
            message(
                "Re: [list] Apple", "b@x", "Mon, 05 Jan 2026 12:00:00 +0300",
                "=?utf-8?q?=C3=84?= <c@x>",
            ),
            message("apple (fwd)", "Yan <c@x>", Cc="d@x") + b"longer",
            message("", "=?utf-8?q?Adam?= <d@x>", "Mon, 05 Jan 2026 09:30:00 +0000"),
        )  # fmt: skip
        self.client = self.world.enter()

    def test_criteria(self) -> None:
        """What is equal stays in the order of the mailbox, REVERSE or not."""
        for criteria, numbers in [
            ("ARRIVAL", "1 2 3 4"),
            ("REVERSE ARRIVAL", "1 2 3 4"),
            ("SUBJECT", "4 2 3 1"),
            ("REVERSE SUBJECT", "1 2 3 4"),
            ("SUBJECT REVERSE SIZE", "4 2 3 1"),
            ("FROM", "1 2 3 4"),
            ("REVERSE FROM", "4 3 2 1"),
            ("DISPLAYFROM", "4 2 3 1"),
            ("TO", "3 4 1 2"),
            ("DISPLAYTO", "3 4 1 2"),
            ("CC", "1 2 4 3"),
            ("REVERSE CC FROM", "3 1 2 4"),
            # The third has no date: when it came counts, which is later than all.
            ("DATE", "2 4 1 3"),
            ("REVERSE DATE", "3 1 4 2"),
        ]:
            heard = self.client.lines(f"a SORT ({criteria}) UTF-8 ALL".encode())
            self.assertEqual([f"* SORT {numbers}".encode(), b"a OK Sorted"], heard, criteria)

    def test_nothing(self) -> None:
        """What finds nothing has an answer with nothing in it."""
        for command, answer in [
            (b"SORT (DATE) UTF-8 SUBJECT zzz", b"* SORT"),
            (b"UID THREAD REFERENCES UTF-8 SUBJECT zzz", b"* THREAD"),
            (b"THREAD ORDEREDSUBJECT UTF-8 9", b"* THREAD"),
            (b"SORT RETURN (MIN ALL COUNT) (CC) UTF-8 9", b'* ESEARCH (TAG "a") COUNT 0'),
        ]:
            self.assertEqual(answer, self.client.lines(b"a " + command)[0])

    def test_returned(self) -> None:
        """ESORT's sets are in the order of the SORT."""
        for command, answer in [
            (b"SORT RETURN () (SUBJECT) UTF-8 ALL", b" ALL 4,2:3,1"),
            (b"UID SORT RETURN (MIN MAX) (SUBJECT) UTF-8 ALL", b" UID MIN 4 MAX 1"),
            (b"SORT RETURN (PARTIAL -1:-2) (SUBJECT) UTF-8 ALL", b" PARTIAL (-1:-2 3,1)"),
        ]:
            self.assertEqual(b'* ESEARCH (TAG "a")' + answer, self.client.lines(b"a " + command)[0])

    def test_modseq(self) -> None:
        """The highest mod-sequence comes with it (RFC 7162, 3.1.6)."""
        self.client.say(b"a STORE 1 +FLAGS.SILENT (x)\r\n")
        heard = self.client.lines(b"a SORT (SUBJECT) UTF-8 MODSEQ 6")[0]
        self.assertEqual(b"* SORT 1 (MODSEQ 6)", heard)

    def test_text(self) -> None:
        """Keys' texts are in the charset."""
        heard = self.client.say(b"a SORT (DATE) UTF-8 TO {2+}\r\n\xc3\xa4\r\n")
        self.assertEqual(b"* SORT 2\r\na OK Sorted\r\n", heard)

    def test_refused(self) -> None:
        """What is not in the grammar is BAD."""
        for command in (
            b"SORT () UTF-8 ALL",
            b"SORT (REVERSE) UTF-8 ALL",
            b"SORT (REVERSE REVERSE DATE) UTF-8 ALL",
            b"SORT (%b) UTF-8 ALL" % b" ".join([b"DATE"] * 19),
            b"SORT DATE UTF-8 ALL",
            b"SORT (DATE) ALL",
            b"SORT (DATE)",
            b"THREAD UTF-8 ALL",
            b"THREAD REFERENCES",
            b"THREAD RETURN () REFERENCES UTF-8 ALL",
        ):
            end = self.client.lines(b"a " + command)[-1]
            self.assertTrue(end.startswith((b"a BAD", b"a NO [BADCHARSET")), (command, end))


class Threads(SynchronousTestCase):
    """THREAD."""

    def test_threads(self) -> None:
        """Messages hang together by their references, and by their subjects."""
        world = World()
        world.deliver(
            message("a", "x@x", Message_ID="<1@x>"),
            message("Re: a", "x@x", Message_ID="<2@x>", In_Reply_To="<1@x>"),
            message("b", "x@x", Message_ID="<3@x>", References="<1@x> <2@x>", In_Reply_To="<9@x>"),
            message("c", "x@x", Message_ID="<4@x>", References="<1@x>"),
            message("d", "x@x", Message_ID="<5@x>", References="<0@x>"),
            message("e", "x@x", Message_ID="<6@x>", References="<0@x>"),
        )
        client = world.enter()
        client.say(b"a STORE 1 +FLAGS.SILENT (\\Seen)\r\n")
        for command, answer in [
            (b"THREAD REFERENCES UTF-8 ALL", b"(1 (2 3)(4))((5)(6))"),
            (b"THREAD ORDEREDSUBJECT UTF-8 ALL", b"(1 2)(3)(4)(5)(6)"),
            (b"UID THREAD REFERENCES UTF-8 UNSEEN", b"((2 3)(4))((5)(6))"),
        ]:
            self.assertEqual(b"* THREAD " + answer, client.lines(b"a " + command)[0])


class InSteps(SynchronousTestCase):
    """Long work."""

    def test_others_have_their_turn(self) -> None:
        """Between steps that took long the reactor does something else."""
        world = World()
        client = world.enter()

        def long_work(*ignored: object) -> Generator[None, None, tuple[int, ...]]:
            for _ in range(2):
                world.clock.advance(1)
                yield
            return ()

        with mock.patch.object(sorting, "_sorted", long_work):
            heard = client.say(b"a SORT (DATE) UTF-8 ALL\r\nb NOOP\r\n")
        self.assertEqual(b"", heard)
        self.assertEqual(
            b"* SORT\r\na OK Sorted\r\nb OK Nothing done\r\n", client.turn() + client.turn()
        )
