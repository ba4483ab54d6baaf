"""What all clients together know of the mailboxes: what was acknowledged, and what is gone."""

from __future__ import annotations

import functools
import itertools
import random
import re
from typing import Final

from netsuite.imap.commands.fetch import FetchData
from tests.imap.known import Known

_NUMBER: Final = re.compile(rb"^X-Number: (\d+)\r$", re.MULTILINE)


@functools.lru_cache(500)
def content(number: int) -> bytes:
    """Return the message of a number: most are small, some are streamed."""
    chance = random.Random(number)
    lines = chance.choice((1, 3, 20)) if number % 40 else 1300
    head = b"From: a@example.test\r\nSubject: number %d\r\nX-Number: %d\r\n\r\n" % (number, number)
    return head + b"".join(b"%076x\r\n" % chance.getrandbits(300) for _ in range(lines))


def number_of(octets: bytes) -> int:
    """Return the number of a message."""
    found = _NUMBER.search(octets)
    assert found is not None, f"not one of ours: {octets[:100]!r}"
    return int(found[1])


class Box:
    """A mailbox, whatever its name is for an account.

    Attributes:
        numbers: of its messages, by UID.
        highest: the highest UID that anybody was told of; such a mod-sequence.
        marked: what may have been marked as deleted, by somebody or before it came here.
        doomed: that, and what was moved; nothing else may go.
        gone: what somebody was told is gone, and when.
        recent: who was told of a message as recent.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.numbers: dict[int, int] = {}
        self.highest = 0
        self.highest_modseq = 0
        self.marked: set[int] = set()
        self.doomed: set[int] = set()
        self.gone: dict[int, int] = {}
        self.recent: dict[int, object] = {}

    def mark(self, *uids: int) -> None:
        """Note that messages may be marked as deleted."""
        self.marked.update(uids)
        self.doomed.update(uids)


class Ledger:
    """All mailboxes.

    Attributes:
        now: grows with each event.
        sent: numbers of the messages that were given to the server.
        uncertain: those of which nobody knows whether, or how often, they were taken.
    """

    def __init__(self, names: list[str]) -> None:
        self.boxes = {name: Box(name) for name in names}
        self.now = 0
        self.uncertain: set[int] = set()
        self._numbers = itertools.count(1)

    def tick(self) -> int:
        """Return a moment after all others."""
        self.now += 1
        return self.now

    def new(self) -> int:
        """Return the number of a new message."""
        return next(self._numbers)

    def put(self, box: Box, uid: int, number: int, above: int) -> None:
        """Accept that a message was put into a mailbox.

        Args:
            above: the highest UID that was known when that was asked for.
        """
        assert uid > above, f"{box.name}: {uid} is not above {above}"
        assert box.numbers.setdefault(uid, number) == number, f"{box.name}: {uid} is another's"
        box.highest = max(box.highest, uid)

    def read(self, box: Box, uid: int, octets: bytes) -> None:
        """Accept what a message was."""
        number = number_of(octets)
        assert octets == content(number), f"{box.name}: {uid} is not as it was sent"
        assert box.numbers.setdefault(uid, number) == number, f"{box.name}: {uid} has changed"

    def check(self, box: Box, uids: list[int]) -> list[int]:
        """Check what is in a mailbox while nobody does anything; return what of it nobody was told
        was put there."""
        there = set(uids)
        assert uids == sorted(there), f"{box.name}: {uids}"
        back = there & box.gone.keys()
        assert not back, f"{box.name}: came back: {sorted(back)}"
        unasked = box.gone.keys() - box.doomed
        assert not unasked, f"{box.name}: gone, and nobody removed it: {sorted(unasked)}"
        lost = box.numbers.keys() - there - box.doomed
        assert not lost, f"{box.name}: lost: {sorted(lost)}"
        return sorted(there - box.numbers.keys())


class KnownBox(Known):
    """A mailbox as one client knows it, who tells the others."""

    def __init__(
        self, ledger: Ledger, box: Box, *, qresync: bool, at_once: bool, by_uid: bool
    ) -> None:
        super().__init__(box.recent, qresync=qresync, at_once=at_once, by_uid=by_uid)
        self.box = box
        self._ledger = ledger

    def hear(self, event: object, *, may_expunge: bool) -> None:
        super().hear(event, may_expunge=may_expunge)
        if isinstance(event, FetchData):
            self.box.highest = max(self.box.highest, event.uid or 0)
            self.box.highest_modseq = max(self.box.highest_modseq, event.modseq or 0)

    def removed(self, uid: int) -> None:
        super().removed(uid)
        self.box.gone.setdefault(uid, self._ledger.tick())
