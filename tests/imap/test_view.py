"""The view of a mailbox: what a client has been told, and what it may be told now."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from random import Random
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from netsuite.imap import view as view_module
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.view import (
    BadNumber,
    MailboxView,
    TellExists,
    TellExpunged,
    TellFlags,
    Telling,
    TellRecent,
)
from netsuite.testing.cases import SynchronousTestCase

SEEN = frozenset({"\\Seen"})
NONE: frozenset[str] = frozenset()

# A case: what is noted ("+ uids", "- uids", "f uid"), whether EXPUNGE may be told, and what is
# told: ("e", numbers), ("f", number), ("n", exists). The view begins with UIDs 10, 20, 30.
Note = tuple[str, tuple[int, ...]]
CASES: list[tuple[str, list[Note], bool, list[tuple[str, object]]]] = [
    ("nothing", [], True, []),
    ("new", [("+", (40,))], True, [("n", 4)]),
    ("new while numbers are used", [("+", (40,))], False, [("n", 4)]),
    ("a burst is one answer", [("+", (40,)), ("+", (41, 42)), ("+", (43,))], True, [("n", 7)]),
    ("gone", [("-", (20,))], True, [("e", [2])]),
    ("gone while numbers are used", [("-", (20,))], False, []),
    ("all gone", [("-", (10, 20, 30))], True, [("e", [1, 1, 1])]),
    ("first and last gone", [("-", (10, 30))], True, [("e", [1, 2])]),
    ("gone in two steps", [("-", (30,)), ("-", (10,))], True, [("e", [1, 2])]),
    ("gone and new", [("-", (20,)), ("+", (40,))], True, [("e", [2]), ("n", 3)]),
    ("gone and new, numbers used", [("-", (20,)), ("+", (40,))], False, [("n", 4)]),
    ("came and went untold", [("+", (40,)), ("-", (40,))], True, []),
    ("one of two went untold", [("+", (40, 41)), ("-", (40,))], True, [("n", 4)]),
    ("flags", [("f", (20,))], True, [("f", 2)]),
    ("flags twice are told once", [("f", (20,)), ("f", (20,))], False, [("f", 2)]),
    ("flags are told in order", [("f", (30,)), ("f", (10,))], True, [("f", 1), ("f", 3)]),
    ("flags of the gone", [("f", (20,)), ("-", (20,))], True, [("e", [2])]),
    ("flags of the gone, numbers used", [("f", (20,)), ("-", (20,))], False, []),
    ("flags after a gap", [("-", (10,)), ("f", (30,))], True, [("e", [1]), ("f", 2)]),
    ("flags of the untold", [("+", (40,)), ("f", (40,))], True, [("n", 4)]),
    ("unknown went", [("-", (15,))], True, []),
]


class Counted(array):  # type: ignore[type-arg]  # Python 3.11's cannot be subscripted
    """Counts what is looked at and moved."""

    steps: ClassVar[int] = 0

    def __getitem__(self, place: Any) -> Any:
        Counted.steps += 1
        return super().__getitem__(place)

    def __iter__(self) -> Iterator[int]:
        Counted.steps += len(self)
        return super().__iter__()

    def __delitem__(self, place: Any) -> None:
        Counted.steps += len(self)
        super().__delitem__(place)


def view() -> MailboxView:
    return MailboxView((10, 20, 30), recent=(30, 40), modseq=1)


def short(telling: Telling) -> tuple[str, object]:
    match telling:
        case TellExpunged(numbers):
            return "e", list(numbers)
        case TellFlags(number):
            return "f", number
        case TellExists(messages):
            return "n", messages
        case TellRecent(recent):
            return "r", recent


def note(one: MailboxView, kind: str, uids: tuple[int, ...], modseq: int = 2) -> None:
    match kind:
        case "+":
            one.note_added(modseq, uids)
        case "-":
            one.note_expunged(modseq, uids)
        case "f":
            one.note_flags(modseq, uids, [SEEN] * len(uids))


class WhatIsTold(SynchronousTestCase):
    """What is told, and when."""

    def test_cases(self) -> None:
        """A client's numbers stay in step with the mailbox."""
        for name, notes, may_expunge, expected in CASES:
            one = view()
            for kind, uids in notes:
                note(one, kind, uids)
            told = [short(each) for each in one.tell(may_expunge=may_expunge)]
            self.assertEqual(expected, told, name)

    def test_expunge_waits_for_its_time(self) -> None:
        """What could not be told during a FETCH is told after the next command."""
        one = view()
        one.note_expunged(2, (20,))
        self.assertEqual([], one.tell(may_expunge=False))
        self.assertEqual(3, len(one))
        self.assertTrue(one.is_gone(20))
        self.assertEqual(3, one.number(30))
        self.assertEqual([("e", [2])], [short(each) for each in one.tell(may_expunge=True)])
        self.assertEqual(2, one.number(30))
        self.assertEqual([], one.tell(may_expunge=True))

    def test_own_store_is_not_echoed(self) -> None:
        """A .SILENT STORE is silent, another session's later change is not."""
        one = view()
        one.note_flags(5, (10, 20), (SEEN, SEEN))
        one.note_flags(6, (20,), (NONE,))
        one.forget_own((10, 20), {5})
        (telling,) = one.tell(may_expunge=True)
        self.assertEqual(TellFlags(2, 20, NONE, False, 6), telling)

    def test_what_others_changed_before_is_told(self) -> None:
        """Another session's change that was not told yet is told, though a .SILENT STORE came
        after it; what a STORE answers is told with that answer."""
        one = view()
        one.note_flags(5, (10, 20), (SEEN, SEEN))
        one.note_flags(6, (10, 20, 30), (NONE, NONE, NONE))
        one.forget_own((10, 20, 30), {6})
        one.forget_flags({20: (NONE, 6)})
        self.assertEqual([TellFlags(1, 10, NONE, False, 6)], one.tell(may_expunge=True))

    def test_flags_to_be_read(self) -> None:
        """Flags that a change did not bring along wait until they are read."""
        one = view()
        one.note_flags(5, (10, 20), (None, None))
        self.assertEqual([], one.tell(may_expunge=True))
        asked = one.unread_flags()
        self.assertEqual({10: 5, 20: 5}, asked)
        one.learn_flags(asked, {20: (SEEN, 5)})
        self.assertEqual([("f", 2)], [short(each) for each in one.tell(may_expunge=True)])
        self.assertEqual({}, one.unread_flags())

    def test_flags_that_change_while_they_are_read(self) -> None:
        """What changed after it was asked for is read again, or told as it came; another message
        that changed meanwhile is not taken for one that is gone."""
        one = view()
        one.note_flags(5, (10, 20), (None, None))
        asked = one.unread_flags()
        one.note_flags(6, (10, 30), (None, None))
        one.note_flags(7, (20,), (NONE,))
        one.learn_flags(asked, {10: (SEEN, 5), 20: (SEEN, 5)})
        self.assertEqual([TellFlags(2, 20, NONE, False, 7)], one.tell(may_expunge=True))
        again = one.unread_flags()
        self.assertEqual({10: 6, 30: 6}, again)
        one.learn_flags(again, {10: (NONE, 6), 30: (SEEN, 6)})
        self.assertEqual(
            [TellFlags(1, 10, NONE, False, 6), TellFlags(3, 30, SEEN, True, 6)],
            one.tell(may_expunge=True),
        )

    def test_read_before_it_is_heard_of(self) -> None:
        """What was read, and told, is newer than a change that is heard of only now: that is not
        told again, what came after it is."""
        one = view()
        one.forget_flags({10: (NONE, 6), 20: (SEEN, 1)})
        one.note_flags(5, (10, 20), (SEEN, NONE))
        self.assertEqual([TellFlags(2, 20, NONE, False, 5)], one.tell(may_expunge=True))
        one.note_flags(7, (10,), (SEEN,))
        one.note_flags(8, (10,), (None,))
        one.learn_flags(one.unread_flags(), {10: (NONE, 10)})
        one.note_flags(9, (10,), (SEEN,))
        self.assertEqual([TellFlags(1, 10, NONE, False, 10)], one.tell(may_expunge=True))
        one.note_flags(10, (10,), (NONE,))
        self.assertEqual([TellFlags(1, 10, NONE, False, 10)], one.tell(may_expunge=True))

    def test_recent(self) -> None:
        """What came after the last session looked is recent, and so is what comes now."""
        one = view()
        self.assertEqual(1, one.recent)
        one.note_added(2, (40,))
        self.assertEqual([TellExists(4, 1)], one.tell(may_expunge=False))
        self.assertTrue(one.unclaimed)
        one.note_added(3, (50,))
        one.claimed(40, 41)
        self.assertEqual([TellExists(5, 2)], one.tell(may_expunge=False))
        one.claimed(50, 51)
        self.assertEqual([TellRecent(3)], one.tell(may_expunge=False))
        self.assertEqual([], one.tell(may_expunge=False))
        self.assertEqual(((30, 40), (50, 50)), one.recent_ranges())

    def test_recent_once(self) -> None:
        """What another session has claimed is not recent here."""
        one = MailboxView((10,), recent=(10, 11))
        one.note_added(2, (20, 30))
        one.claimed(30, 31)
        self.assertEqual([TellExists(3, 2)], one.tell(may_expunge=False))
        self.assertEqual([True, False, True], [one.is_recent(uid) for uid in (10, 20, 30)])

    def test_shared_uids(self) -> None:
        """An array of UIDs is many sessions': whatever one of them is told, it stays."""
        uids = array("I", (10, 20, 30))
        for change in ((20,), (10, 20, 30), (20, 30)):
            one = MailboxView(uids)
            one.note_expunged(2, change)
            one.tell(may_expunge=True)
            self.assertEqual(3 - len(change), len(one))
        two = MailboxView(uids)
        two.note_added(2, (40,))
        two.tell(may_expunge=True)
        self.assertEqual((4, [10, 20, 30]), (len(two), list(uids)))

    def test_whole(self) -> None:
        """Who follows mod-sequences is told how far it has come, where an expunge that it was not
        told of is older than what it was (RFC 7162, 3.2.5.1)."""
        one = view()
        one.note_expunged(5, (10,))
        one.note_expunged(6, (30,))
        one.note_flags(7, (20,), (SEEN,))
        one.tell(may_expunge=False)
        self.assertEqual((4, 4), (one.whole(), one.whole()))
        one.tell(may_expunge=True)
        self.assertEqual((7, None), (one.whole(), one.whole()))
        one.note_flags(8, (20,), (None,))
        self.assertEqual(7, one.whole())
        one.learn_flags({20: 8}, {20: (SEEN, 8)})
        one.tell(may_expunge=True)
        self.assertEqual((8, None), (one.whole(), one.whole()))


class Numbers(SynchronousTestCase):
    """Numbers and UIDs."""

    def named(self, octets: bytes, *, by_uid: bool) -> list[int]:
        numbers = SequenceSet.parse(octets)
        assert numbers is not None
        one = view()
        return list(one.uids(one.spans(numbers, by_uid=by_uid)))

    def test_sets(self) -> None:
        """A set names the messages it should, the last included by "*"."""
        for octets, by_uid, expected in [
            (b"1:*", False, [10, 20, 30]),
            (b"*", False, [30]),
            (b"3,1", False, [10, 30]),
            (b"1:*", True, [10, 20, 30]),
            (b"15:25", True, [20]),
            (b"99:*", True, [30]),
            (b"1:9", True, []),
            (b"*:1", True, [10, 20, 30]),
        ]:
            self.assertEqual(expected, self.named(octets, by_uid=by_uid), octets)

    def test_beyond_the_last(self) -> None:
        """A number that was never told is refused, and so is "*" of an empty mailbox."""
        for octets in (b"4", b"1:4"):
            with self.assertRaises(BadNumber):
                self.named(octets, by_uid=False)
        empty = MailboxView(())
        with self.assertRaises(BadNumber):
            empty.spans(SequenceSet(((0, 0),)), by_uid=False)
        self.assertEqual([], empty.spans(SequenceSet(((1, 0),)), by_uid=True))

    def test_slices(self) -> None:
        """Batches are full, in order, and know both names of a message."""
        one = MailboxView(range(100, 200))
        slices = list(one.slices([(0, 3), (10, 25)], 4))
        self.assertEqual([4, 4, 4, 4, 2], [len(numbers) for numbers, _ in slices])
        numbers = [number for each, _ in slices for number in each]
        uids = [uid for _, each in slices for uid in each]
        self.assertEqual([1, 2, 3, *range(11, 26)], numbers)
        self.assertEqual([number + 99 for number in numbers], uids)

    def test_numbers_of_uids(self) -> None:
        """Search results become numbers; what the client does not know is left out."""
        one = view()
        self.assertEqual([1, 3], one.numbers([10, 30, 40]))
        many = MailboxView(range(1, 1000))
        self.assertEqual([5, 7], many.numbers([5, 7, 2000]))

    def test_large(self) -> None:
        """That many messages go at once is a few looks at each, not a pass over all for each."""
        count = 10_000
        self.patch(view_module, "array", Counted)
        one = MailboxView(range(1, count + 1))
        Counted.steps = 0
        one.note_expunged(2, range(1, count + 1, 2))
        (telling,) = one.tell(may_expunge=True)
        self.assertIsInstance(telling, TellExpunged)
        self.assertEqual(count // 2, len(one))
        self.assertLess(Counted.steps, 4 * count * count.bit_length())


@given(
    st.lists(st.sampled_from("+-ft") | st.sampled_from("T+-"), max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_client_can_follow(steps: list[str], random: Random) -> None:
    """Whatever happens in whatever order: who applies what is told has the true mailbox."""
    choose = random.choice
    mailbox = [1, 2, 3]
    told = MailboxView(mailbox)
    client: list[int | None] = [1, 2, 3]
    uid = 3

    def apply(may_expunge: bool) -> None:
        for telling in told.tell(may_expunge=may_expunge):
            if isinstance(telling, TellExpunged):
                for number, gone in zip(telling.numbers, telling.uids, strict=True):
                    assert client[number - 1] in (gone, None)
                    del client[number - 1]
            elif isinstance(telling, TellExists):
                assert telling.messages >= len(client)
                client.extend([None] * (telling.messages - len(client)))
            elif isinstance(telling, TellFlags):
                assert client[telling.number - 1] in (telling.uid, None)

    for step in steps:
        if step == "+":
            uid += 1
            mailbox.append(uid)
            told.note_added(uid, (uid,))
        elif step == "-" and mailbox:
            gone = choose(mailbox)
            mailbox.remove(gone)
            told.note_expunged(uid, (gone,))
        elif step == "f" and mailbox:
            told.note_flags(uid, (choose(mailbox),), (SEEN,))
        elif step in "tT":
            apply(step == "T")
            assert len(client) == len(told)
    apply(True)
    assert list(told.uids()) == mailbox
    assert len(client) == len(mailbox)
    assert all(known in (true, None) for known, true in zip(client, mailbox, strict=True))
