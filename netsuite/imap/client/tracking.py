"""What is known of a mailbox, and its changes, as the responses of a server tell of them.

UIDs stand in the order of message numbers, so that a number leads to its UID; messages that EXISTS
has counted and of which no UID is known yet are always the last.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.responses import Response, Status
from netsuite.imap.grammar.tokens import MODSEQ_TOP
from netsuite.imap.sequences import NOTHING, SequenceSet

_RECENT: Final = "\\Recent"


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A message is new; without ``\\Recent``, as all flags here."""

    uid: int
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    """A message has other flags: these."""

    uid: int
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class MessageRemoved:
    """A message is gone."""

    uid: int


@dataclass(frozen=True, slots=True)
class Renumbered:
    """No UID that was told means anything any more: UIDVALIDITY is another. What is there is told
    as added, behind this."""

    uid_validity: int


Change: TypeAlias = MessageAdded | FlagsChanged | MessageRemoved | Renumbered


@dataclass(frozen=True, slots=True)
class KnownMailbox:
    """What has been told of a mailbox, to go on from there. As it is made: nothing, so all that is
    there is new.

    Args:
        modseq: all changes up to it have been told; 0 where the server keeps none.
        flags: by UID; where there are mod-sequences, of what was told since.
    """

    uid_validity: int = 0
    modseq: int = 0
    uids: SequenceSet = NOTHING
    flags: Mapping[int, frozenset[str]] = field(default_factory=dict)


class Tracker:
    """Follows one mailbox, over any number of connections one after the other.

    Changes that nobody has taken yet are joined: what is waiting is never more than the mailbox
    has messages.

    Args:
        known: what has been told already; None to take the mailbox as it is found, untold.
    """

    def __init__(self, known: KnownMailbox | None) -> None:
        #: Whether the mailbox has still to be looked at for the first time, and is not to be told.
        self.untold = known is None
        known = known or KnownMailbox()
        self.uid_validity = known.uid_validity
        #: All changes up to it are known; 0 where the server keeps no mod-sequences.
        self.modseq = self._told_modseq = known.modseq
        self.uids = array("I")
        for low, high in known.uids.ranges:
            self.uids.extend(range(low, high + 1))
        # With the mod-sequence each had then: what comes a second time is not told again.
        self._flags = {uid: (MODSEQ_TOP, flags) for uid, flags in known.flags.items()}
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # one of each
        self._pending: dict[int, Change] = {}
        self._renumbered: Renumbered | None = None
        #: How many messages there are.
        self.exists = 0
        self._ahead: dict[int, tuple[int, frozenset[str], int]] = {}  # by number, beyond the UIDs
        self._list: dict[int, FetchData] | None = None
        self._new_modseq: int | None = None  # what the server says it is
        self._seen_modseq = 0  # the highest of FETCH since the last end of a command
        #: Whether what had changed before the mailbox was opened is known.
        self.in_step = False
        self._in_line = False  # the UIDs stand at their numbers
        self._searching = self._strayed = False

    # -- what is to be told -------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether there is a change that nobody has taken yet."""
        return bool(self._pending) or self._renumbered is not None

    def take(self) -> Change | None:
        """Return the next change, which is told with that; None for none."""
        if self._renumbered is not None:
            renumbered, self._renumbered = self._renumbered, None
            return renumbered
        for uid in self._pending:
            change = self._pending.pop(uid)
            if not self._pending:
                self._told_modseq = self.modseq
            return change
        return None

    def known(self) -> KnownMailbox | None:
        """Return what has been told, in which what waits is not; None before it was looked at."""
        if self.untold:
            return None
        if self._renumbered is not None:
            return KnownMailbox()
        added = {uid for uid, each in self._pending.items() if isinstance(each, MessageAdded)}
        gone = {uid for uid, each in self._pending.items() if isinstance(each, MessageRemoved)}
        uids = sorted(gone.union(self.uids) - added)
        flags = {uid: each for uid, (_, each) in self._flags.items() if uid not in self._pending}
        return KnownMailbox(self.uid_validity, self._told_modseq, SequenceSet.of(uids), flags)

    # -- a connection -------------------------------------------------------------------------

    def opening(self, *, resync: bool) -> None:
        """Accept that the mailbox is being opened, on a connection that has none open.

        Args:
            resync: with QRESYNC: then VANISHED (EARLIER) comes before any number (RFC 7162,
                3.2.5.1).
        """
        self.exists = self._seen_modseq = 0
        self._new_modseq = None
        self._out_of_line()
        self._in_line = resync

    def _out_of_line(self) -> None:
        self.in_step = self._in_line = self._searching = self._strayed = False
        self._list = None
        self._ahead.clear()

    def synchronised(self) -> None:
        """Accept that all that had changed before has been told by the server."""
        self.untold = False
        self.in_step = True
        self._seen_modseq = 0
        self._advance(self._new_modseq or 0)

    @property
    def has_modseqs(self) -> bool:
        """Whether the mailbox that is open keeps mod-sequences."""
        return bool(self._new_modseq)

    @property
    def behind(self) -> bool:
        """Whether there are messages of which no UID is known."""
        return self._in_line and self.exists > len(self.uids)

    @property
    def strayed(self) -> bool:
        """Whether what the server tells does not fit what is known: it is to be listed."""
        return self._strayed or not self._in_line or self.exists < len(self.uids)

    def observe(self, response: Response) -> None:
        """Accept a response, in its order."""
        match response:
            case said.Exists(messages):
                self.exists = messages
            case said.Expunged(number):
                self._expunged(number)
            case said.Vanished(uids, earlier):
                self._vanished(uids, earlier=earlier)
            case FetchData():
                self._fetched(response)
            case said.SearchData(numbers) if self._searching:
                self._found(numbers)
            case said.ExtendedSearchData(all=found) if self._searching:
                ranges = () if found is None or not found.is_fixed() else found.ranges
                self._found([uid for low, high in ranges for uid in range(low, high + 1)])
            case said.Condition(_, _, said.Code(name, int(number))):
                self._code(name, number)
            case said.Tagged(_, Status.OK, _, code):
                self._ended(code)

    def _code(self, name: str, number: int) -> None:
        if name == "HIGHESTMODSEQ":
            self._new_modseq = number
            if self.in_step:
                self._seen_modseq = 0
        elif name == "UIDVALIDITY" and not self.in_step and number != self.uid_validity:
            self._renumber(number)

    def _ended(self, code: said.Code | None) -> None:
        """RFC 7162, 6: the server's word, else the highest it has shown by the end of a command."""
        if code is not None and isinstance(code.argument, int):
            self._code(code.name, code.argument)
        if not self.in_step or not self._new_modseq:
            return
        self._new_modseq = max(self._new_modseq, self._seen_modseq)
        self._seen_modseq = 0
        self._advance(self._new_modseq)

    def _advance(self, modseq: int) -> None:
        self.modseq = modseq
        if modseq:
            self._flags = {uid: each for uid, each in self._flags.items() if each[0] > modseq}
        if not self.waiting:
            self._told_modseq = modseq

    def _renumber(self, uid_validity: int) -> None:
        if self.uid_validity:
            self._renumbered = Renumbered(uid_validity)
        self.uid_validity = uid_validity
        self.modseq = self._told_modseq = 0
        self.uids = array("I")
        for each in (self._flags, self._pending, self._ahead):
            each.clear()

    # -- messages -----------------------------------------------------------------------------

    def _fetched(self, data: FetchData) -> None:
        if self._list is not None:
            self._list[data.number] = data
            return
        self._seen_modseq = max(self._seen_modseq, data.modseq or 0)
        number, known = data.number, len(self.uids) if self._in_line else 0
        uid = data.uid or (self.uids[number - 1] if number <= known else None)
        if uid is None or data.flags is None:
            return
        flags = self._one(data.flags)
        modseq = data.modseq or MODSEQ_TOP
        if self._place(uid) is not None:
            self._changed(uid, flags, modseq)
        elif number <= known:
            self._strayed = True  # another is known to have that number
        elif self._in_line:
            self._ahead[number] = uid, flags, modseq
            self._catch_up()

    def _one(self, flags: Iterable[str]) -> frozenset[str]:
        found = frozenset(flags) - {_RECENT}
        return self._sets.setdefault(found, found)

    def _place(self, uid: int) -> int | None:
        place = bisect_left(self.uids, uid)
        return place if place < len(self.uids) and self.uids[place] == uid else None

    def _catch_up(self) -> None:
        while (new := self._ahead.pop(len(self.uids) + 1, None)) is not None:
            uid, flags, modseq = new
            if self.uids and uid <= self.uids[-1]:
                self._strayed = True
                return
            self.uids.append(uid)
            self._flags[uid] = modseq, flags
            self._pending[uid] = MessageAdded(uid, flags)

    def _changed(self, uid: int, flags: frozenset[str], modseq: int) -> None:
        _, before = self._flags.get(uid, (0, None))
        self._flags[uid] = modseq, flags
        if flags == before:
            return
        new = isinstance(self._pending.get(uid), MessageAdded)
        self._pending[uid] = MessageAdded(uid, flags) if new else FlagsChanged(uid, flags)

    def _removed(self, uid: int) -> None:
        self._flags.pop(uid, None)
        if isinstance(self._pending.pop(uid, None), MessageAdded):
            if not self._pending:
                self._told_modseq = self.modseq
            return  # nobody has heard of it
        self._pending[uid] = MessageRemoved(uid)

    def _expunged(self, number: int) -> None:
        if number > self.exists:
            self._strayed = True
            return
        self.exists -= 1
        self._ahead.clear()
        if self._in_line and number <= len(self.uids):
            self._removed(self.uids.pop(number - 1))

    def _vanished(self, uids: SequenceSet, *, earlier: bool) -> None:
        ranges = uids.resolve(0)
        if not ranges or not ranges[0][0]:
            self._strayed = True  # "*" names nothing that is gone
            return
        for low, high in ranges:
            first, last = bisect_left(self.uids, low), bisect_right(self.uids, high)
            for uid in self.uids[first:last]:
                self._removed(uid)
            del self.uids[first:last]
        if not earlier:  # each was in the mailbox (RFC 7162, 3.2.10.2)
            self.exists = max(0, self.exists - sum(high - low + 1 for low, high in ranges))
            self._ahead.clear()

    # -- comparison ---------------------------------------------------------------------------

    def searching(self) -> None:
        """Have the next result of a search be the UIDs of all messages."""
        self._out_of_line()
        self._searching = True

    def _found(self, uids: Sequence[int]) -> None:
        self._searching = False
        if len(uids) == self.exists:
            self._uids_are(uids)

    def listing(self) -> None:
        """Have what FETCH tells from now on be the list of all messages, in which nothing is
        expunged meanwhile (RFC 3501, 5.5)."""
        self._out_of_line()
        self._list = {}

    def listed(self) -> None:
        """Accept that the list is complete, and compare it with what was known."""
        found, self._list = self._list or {}, None
        numbers = range(1, len(found) + 1)
        if found.keys() != set(numbers) or any(found[each].uid is None for each in numbers):
            return
        self._uids_are([found[each].uid or 0 for each in numbers])
        for number in numbers:
            data = found[number]
            if data.flags is None:
                continue
            if number > len(self.uids):
                self._fetched(data)
            elif self.untold:
                self._flags[data.uid or 0] = data.modseq or MODSEQ_TOP, self._one(data.flags)
            else:
                modseq = data.modseq or MODSEQ_TOP
                self._changed(data.uid or 0, self._one(data.flags), modseq)

    def _uids_are(self, now: Sequence[int]) -> None:
        """Accept which UIDs there are, in the order of their numbers. New ones are left to be
        fetched, unless all is to be taken as it is found."""
        self._in_line = True
        if self.untold:
            self.uids = array("I", now)
            return
        gone = set(self.uids).difference(now)
        for uid in sorted(gone):
            self._removed(uid)
        kept = array("I", [uid for uid in self.uids if uid not in gone])
        self.uids = kept
        if array("I", now[: len(kept)]) != kept:
            # A UID that had not been there stands before one that had: against all rules.
            self._renumber(self.uid_validity)
