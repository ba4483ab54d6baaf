"""What is known of a mailbox, from the octets of responses."""

from __future__ import annotations

from typing import Final

from netsuite.imap.client.tracking import (
    Change,
    FlagsChanged,
    KnownMailbox,
    MessageAdded,
    MessageRemoved,
    Renumbered,
    Tracker,
)
from netsuite.imap.grammar.lenient import ResponseCursor
from netsuite.imap.grammar.response_parser import parse_response
from netsuite.imap.sequences import SequenceSet
from netsuite.testing.cases import SynchronousTestCase

SEEN = frozenset({"\\Seen"})
NONE: Final = frozenset[str]()


class Tracking(SynchronousTestCase):
    """What a tracker makes of responses, from their octets."""

    def heard(self, tracker: Tracker, *lines: bytes) -> list[Change]:
        """Let a tracker hear lines; return the changes."""
        for line in lines:
            tracker.observe(parse_response(ResponseCursor([line])))
        return list(iter(tracker.take, None))

    def tracker(self) -> Tracker:
        """Return one that knows UIDs 5, 7 and 9, in step."""
        known = KnownMailbox(1, 10, SequenceSet.of([5, 7, 9]))
        tracker = Tracker(known)
        tracker.opening(resync=True)
        lines = b"* 3 EXISTS", b"* OK [UIDVALIDITY 1] x", b"* OK [HIGHESTMODSEQ 10] x", b"a OK done"
        self.assertEqual([], self.heard(tracker, *lines))
        tracker.synchronised()
        return tracker

    def test_modseq(self) -> None:
        """RFC 7162, 6: what may be asked for anew is known at the end of a command, and what the
        server says goes before what was seen."""
        tracker = self.tracker()
        self.heard(tracker, b"* 1 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (14))")
        self.assertEqual(10, tracker.modseq)
        self.heard(tracker, b"a OK done")
        self.assertEqual(14, tracker.modseq)
        self.heard(tracker, b"* 2 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (20))")
        self.heard(tracker, b"* OK [HIGHESTMODSEQ 15] a VANISHED is delayed", b"b OK done")
        self.assertEqual(15, tracker.modseq)
        again = b"* 2 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (20))"
        self.assertEqual([], self.heard(tracker, again))

    def test_in_any_order(self) -> None:
        """New messages are told in their order, in whichever they come; and without \\Recent."""
        tracker = self.tracker()
        self.assertEqual([], self.heard(tracker, b"* 5 EXISTS", b"* 5 FETCH (UID 12 FLAGS ())"))
        told = self.heard(tracker, b"* 4 FETCH (FLAGS (\\Recent) UID 11)")
        self.assertEqual([MessageAdded(11, NONE), MessageAdded(12, NONE)], told)
        self.assertFalse(tracker.behind)

    def test_by_number(self) -> None:
        """Numbers lead to UIDs, each counted without those before."""
        tracker = self.tracker()
        told = self.heard(tracker, b"* 1 EXPUNGE", b"* 1 EXPUNGE", b"* 1 FETCH (FLAGS (\\Seen))")
        self.assertEqual([MessageRemoved(5), MessageRemoved(7), FlagsChanged(9, SEEN)], told)

    def test_strayed(self) -> None:
        """What cannot be is noticed."""
        for line in (
            b"* 4 EXPUNGE",
            b"* 2 EXISTS",
            b"* VANISHED 6",
            b"* VANISHED *",
            b"* 2 FETCH (UID 8 FLAGS ())",
        ):
            tracker = self.tracker()
            self.assertFalse(tracker.strayed)
            self.heard(tracker, line)
            self.assertTrue(tracker.strayed, line)

    def test_listed(self) -> None:
        """A list without gaps is compared; one with gaps, or of another length, is not taken."""
        tracker = self.tracker()
        tracker.listing()
        self.heard(tracker, b"* 1 FETCH (UID 7 FLAGS ())", b"* 3 FETCH (UID 20 FLAGS ())")
        tracker.listed()
        self.assertTrue(tracker.strayed)
        tracker.searching()
        self.heard(tracker, b"* SEARCH 7")
        self.assertTrue(tracker.strayed)
        tracker.searching()
        self.assertEqual(
            [MessageRemoved(5)], self.heard(tracker, b"* ESEARCH (TAG n1) UID ALL 7,9,20")
        )
        self.assertTrue(tracker.behind)
        self.assertEqual(
            [MessageAdded(20, NONE)], self.heard(tracker, b"* 3 FETCH (UID 20 FLAGS ())")
        )

    def test_against_all_rules(self) -> None:
        """UIDs that turn up before known ones are a mailbox of another numbering."""
        tracker = self.tracker()
        tracker.searching()
        told = self.heard(tracker, b"* SEARCH 6 7 9")
        self.assertEqual([Renumbered(1)], told)
        self.assertTrue(tracker.behind)
