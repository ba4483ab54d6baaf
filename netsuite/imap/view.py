"""The view of a mailbox: the numbers one client was told, and what it is still to be told.

Message numbers are private to a session: they change only when the client is told of it, and
it may be told of an EXPUNGE only when no command that uses numbers is being answered
(RFC 3501, 7.4.1 and 5.5). So every change is noted here first, merged with what waits
already, and told when the rule of the command allows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from netsuite.imap.sequences import Ranges, SequenceSet


@dataclass(frozen=True, slots=True)
class TellExpunged:
    """Messages are gone: the numbers in the order of their EXPUNGE responses, and their UIDs."""

    numbers: Sequence[int]
    uids: Sequence[int]


@dataclass(frozen=True, slots=True)
class TellFlags:
    """A message has these flags now."""

    number: int
    uid: int
    flags: frozenset[str]
    recent: bool
    modseq: int


@dataclass(frozen=True, slots=True)
class TellExists:
    """How many messages there are, and how many are recent."""

    messages: int
    recent: int


@dataclass(frozen=True, slots=True)
class TellRecent:
    """How many are recent, of messages the client has been told of already."""

    recent: int


Telling: TypeAlias = TellExpunged | TellFlags | TellExists | TellRecent


class _Waiting(NamedTuple):
    """Flags that are to be told: None where they must be read; the mod-sequences of the last
    change, and of the first that the client was not told of."""

    flags: frozenset[str] | None
    modseq: int
    since: int


#: A range of UIDs with none in it.
NOTHING: Final = (0, -1)


class BadNumber(Exception):
    """A message number that the client has never been told of."""


class MailboxView:
    """The numbers of one session in one mailbox.

    Args:
        uids: all UIDs of the mailbox, ascending. An array is shared until it changes: many
            sessions have one mailbox open.
        recent: UIDs that are recent in this session: the first, and the one after the last.
        modseq: the mailbox's highest mod-sequence when *uids* were read; changes up to it are
            in them already.
    """

    __slots__ = (
        "_added",
        "_ahead",
        "_flags",
        "_gone",
        "_recent",
        "_recent_is_news",
        "_shared",
        "_told",
        "_untold_from",
        "_whole_is_news",
        "closed",
        "crossing",
        "modseq",
        "saved",
        "unclaimed",
    )

    def __init__(
        self, uids: Iterable[int], *, recent: tuple[int, int] = (0, 0), modseq: int = 0
    ) -> None:
        self._shared = isinstance(uids, array)  # others have it, too: it must not be changed
        self._told: array[int] = uids if isinstance(uids, array) else array("I", uids)
        self._recent: tuple[tuple[int, int], ...] = (recent,)
        self._recent_is_news = False
        self.modseq = modseq
        self.unclaimed = False  # something came that may be recent here
        self.closed = False  # the mailbox itself is gone
        # The UIDs, from and to, of whose flags the client was told though it had asked nothing:
        # what it said before it heard of them may still come.
        self.crossing = NOTHING
        self.saved = SequenceSet(())  # UIDs that the last SEARCH saved (RFC 5182)
        self._added: array[int] | None = None
        self._gone: set[int] | None = None
        self._untold_from = 0  # the mod-sequence of the first that is gone and untold
        self._whole_is_news = False  # how far the client has come is to be told
        self._flags: dict[int, _Waiting] | None = None
        # Flags that were read before their change was heard of: UIDs and mod-sequences.
        self._ahead: dict[int, int] | None = None

    # -- numbers ------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._told)

    @property
    def last(self) -> int:
        """The highest UID told of; 0 for none."""
        return self._told[-1] if self._told else 0

    @property
    def recent(self) -> int:
        """How many of the messages told of are recent."""
        return sum(
            bisect_left(self._told, stop) - bisect_left(self._told, start)
            for start, stop in self._recent
        )

    def is_recent(self, uid: int) -> bool:
        """Return whether a message is recent in this session."""
        return any(start <= uid < stop for start, stop in self._recent)

    def recent_ranges(self) -> Ranges:
        """Return the UIDs that are recent in this session, as inclusive ranges."""
        return tuple((start, stop - 1) for start, stop in self._recent if start < stop)

    def claimed(self, start: int, stop: int) -> None:
        """Accept that messages from *start* up to before *stop* are recent in this session."""
        if start >= stop:
            return
        self._recent_is_news = True
        before, last = self._recent[:-1], self._recent[-1]
        # One session in a mailbox claims all that comes, and has one range.
        self._recent = (
            (*before, (last[0], stop)) if last[1] == start else (*self._recent, (start, stop))
        )

    def number(self, uid: int) -> int:
        """Return a message's number; 0 when the client knows no such UID."""
        place = bisect_left(self._told, uid)
        return place + 1 if place < len(self._told) and self._told[place] == uid else 0

    def spans(self, numbers: SequenceSet, *, by_uid: bool) -> list[tuple[int, int]]:
        """Return the messages a command names, as ascending half-open ranges of indices.

        Args:
            by_uid: the set is one of UIDs; those that are not there are passed over.

        Raises:
            BadNumber: a message number is beyond the last.
        """
        told = self._told
        spans = []
        if numbers.saved:
            numbers, by_uid = self.saved, True
        if by_uid:
            for low, high in numbers.resolve(told[-1] if told else 0):
                start, stop = bisect_left(told, low), bisect_right(told, high)
                if start < stop:
                    spans.append((start, stop))
            return spans
        for low, high in numbers.resolve(len(told)):
            if low < 1 or high > len(told):
                raise BadNumber(f"no message {high}" if told else "the mailbox is empty")
            spans.append((low - 1, high))
        return spans

    def slices(
        self, spans: Iterable[tuple[int, int]], size: int
    ) -> Iterator[tuple[range | list[int], Sequence[int]]]:
        """Return numbers and UIDs of the spans in batches of up to *size* messages.

        Numbers and UIDs are those of the moment each batch is asked for, so the caller must
        not tell of an EXPUNGE between two batches.
        """
        numbers: list[int] = []
        uids: array[int] = array("I")
        for start, stop in spans:
            while start < stop:
                end = min(stop, start + size - len(numbers))
                numbers.extend(range(start + 1, end + 1))
                uids.extend(self._told[start:end])
                start = end
                if len(numbers) == size:
                    yield numbers, uids
                    numbers, uids = [], array("I")
        if numbers:
            yield numbers, uids

    def uids(self, spans: Iterable[tuple[int, int]] | None = None) -> Sequence[int]:
        """Return the UIDs of the spans, or of all messages, ascending."""
        if spans is None:
            return self._told[:]
        uids: array[int] = array("I")
        for start, stop in spans:
            uids.extend(self._told[start:stop])
        return uids

    def uid_ranges(self, numbers: SequenceSet, *, by_uid: bool) -> Ranges:
        """Return the UIDs a set names as inclusive ranges, for a search: numbers beyond the last
        name nothing there, since clients search before they look."""
        told = self._told
        if not told:
            return ()
        if numbers.saved:
            return self.saved.ranges
        if by_uid:
            return numbers.resolve(told[-1])
        return tuple(
            (told[low - 1], told[min(high, len(told)) - 1])
            for low, high in numbers.resolve(len(told))
            if low <= len(told)
        )

    def numbers(self, uids: Sequence[int]) -> list[int]:
        """Return the numbers of ascending UIDs; those the client does not know are left out."""
        if len(uids) * 8 < len(self._told):
            return [number for number in map(self.number, uids) if number]
        wanted = set(uids)
        return [number for number, uid in enumerate(self._told, 1) if uid in wanted]

    def known(self, uids: Sequence[int]) -> Sequence[int]:
        """Return ascending UIDs without those that the client has not been told of."""
        if len(uids) * 8 < len(self._told):
            return [uid for uid in uids if self.number(uid)]
        wanted = set(uids)
        return [uid for uid in self._told if uid in wanted]

    # -- noting -------------------------------------------------------------------------------

    def note_added(self, modseq: int, uids: Sequence[int]) -> None:
        """Messages came."""
        self._heard(modseq)
        if self._added is None:
            self._added = array("I")
        self._added.extend(uids)
        self.unclaimed = True

    def note_flags(
        self, modseq: int, uids: Sequence[int], flags: Sequence[frozenset[str] | None]
    ) -> None:
        """Flags changed; None for those that must be read again."""
        ahead = self._ahead or {}
        self._heard(modseq)
        waiting = self._flags
        if waiting is None:
            waiting = self._flags = {}
        for uid, now in zip(uids, flags, strict=True):
            if modseq < ahead.get(uid, 0):
                continue  # what came of it has been read
            if self.number(uid):  # of others the client learns with EXISTS, and asks itself
                before = waiting.get(uid)
                waiting[uid] = _Waiting(now, modseq, before.since if before else modseq)

    def note_expunged(self, modseq: int, uids: Sequence[int]) -> None:
        """Messages are gone."""
        self._heard(modseq)
        gone = self._gone
        if gone is None:
            gone = self._gone = set()
        if not gone:
            self._untold_from = modseq
        untold: set[int] = set()
        for uid in uids:
            (gone if self.number(uid) else untold).add(uid)
        if untold and self._added:
            self._added = array("I", (uid for uid in self._added if uid not in untold))

    def _heard(self, modseq: int) -> None:
        if modseq > self.modseq:
            self.modseq = modseq
            if self._ahead is not None:
                self._ahead = {uid: its for uid, its in self._ahead.items() if its > modseq} or None

    def _note_ahead(self, flags: Mapping[int, tuple[frozenset[str], int]]) -> None:
        """Accept flags that were read; another process may have changed them, of which we have not
        heard yet, nor of what was changed before."""
        ahead = {uid: modseq for uid, (_, modseq) in flags.items() if modseq > self.modseq}
        if ahead:
            self._ahead = {**(self._ahead or {}), **ahead}

    # -- telling ------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether something could be told when everything may be."""
        return bool(self._added or self._gone or self._flags or self._recent_is_news)

    def is_gone(self, uid: int) -> bool:
        """Return whether a message in the view is gone already."""
        return self._gone is not None and uid in self._gone

    def unread_flags(self) -> dict[int, int]:
        """Return the messages whose flags must be read before they can be told: UIDs, and the
        mod-sequences of their last changes."""
        return {uid: each.modseq for uid, each in (self._flags or {}).items() if each.flags is None}

    def learn_flags(
        self, asked: Mapping[int, int], flags: Mapping[int, tuple[frozenset[str], int]]
    ) -> None:
        """Accept what was read: UID to flags and modseq. What is not there is given up; what
        changed while it was read stays to be read.

        Args:
            asked: what ``unread_flags`` returned before.
        """
        self._note_ahead(flags)
        waiting = self._flags or {}
        for uid, modseq in asked.items() if waiting else ():
            each = waiting.get(uid)
            if each is None or each.flags is not None or each.modseq != modseq:
                continue
            if uid in flags:
                waiting[uid] = _Waiting(*flags[uid], each.since)
            else:
                del waiting[uid]

    def forget_flags(self, told: Mapping[int, tuple[frozenset[str], int]]) -> None:
        """Drop flags that the client has just been told. What changed afterwards stays."""
        self._note_ahead(told)
        waiting = self._flags or {}
        for uid, (_, modseq) in told.items() if waiting else ():
            each = waiting.get(uid)
            if each is not None and each.modseq <= modseq:
                del waiting[uid]

    def forget_own(self, uids: Iterable[int], modseqs: Collection[int]) -> None:
        """Drop flags that the client knows without being told: it set them itself, with those
        mod-sequences. What another session changed, before or after, stays to be told; and what it
        was told of meanwhile, since nobody knows which of both it takes for the last (RFC 3501,
        6.4.6: no race)."""
        waiting = self._flags or {}
        low, high = self.crossing
        for uid in uids if waiting else ():
            each = waiting.get(uid)
            own = each is not None and each.since == each.modseq in modseqs
            if own and not low <= uid <= high:
                del waiting[uid]

    def tell(
        self,
        *,
        may_expunge: bool,
        may_add: bool = True,
        may_flag: bool = True,
        unasked: bool = False,
    ) -> list[Telling]:
        """Return what the client is to be told now, and take it as told.

        Args:
            may_expunge: whether it may be told of what is gone; so the others, of what came and
                of flags.
            unasked: whether it is told though it has asked nothing.
        """
        tellings: list[Telling] = []
        if may_expunge and self._gone:
            tellings.append(self._expunge(self._gone))
            self._gone = None
            self._whole_is_news = True
        if may_flag and self._flags:
            if unasked:
                low, high = min(self._flags), max(self._flags)
                before = self.crossing
                self.crossing = (
                    (low, high)
                    if before == NOTHING
                    else (min(low, before[0]), max(high, before[1]))
                )
            tellings.extend(self._tell_flags(self._flags))
            unread = {uid: each for uid, each in self._flags.items() if each.flags is None}
            self._flags = unread or None
        if may_add and self._added:
            self._own()
            self._told.extend(self._added)
            self._added = None
            tellings.append(TellExists(len(self._told), self.recent))
        elif may_add and self._recent_is_news:
            tellings.append(TellRecent(self.recent))
        self._recent_is_news = self._recent_is_news and not may_add
        return tellings

    def before_untold(self) -> int | None:
        """Return up to which mod-sequence the client has been told everything, where something is
        still to be told. It takes the highest that it sees for that (RFC 7162, 3.2.5.1)."""
        untold = [each.since for each in (self._flags or {}).values()]
        if self._gone:
            untold.append(self._untold_from)
        if not untold:
            return None
        self._whole_is_news = True
        return min(untold) - 1

    def whole(self) -> int | None:
        """Return up to which mod-sequence the client has been told everything, where it cannot
        know by itself: some of it is still to be told, or has been told without a
        mod-sequence."""
        before = self.before_untold()
        if before is None and self._whole_is_news:
            self._whole_is_news = False
            return self.modseq
        return before

    def _own(self) -> None:
        """Have UIDs that no other session has."""
        if self._shared:
            self._told, self._shared = self._told[:], False

    def _tell_flags(self, waiting: Mapping[int, _Waiting]) -> Iterator[Telling]:
        for uid in sorted(waiting):
            flags, modseq, _ = waiting[uid]
            number = self.number(uid)
            if flags is not None and number and not self.is_gone(uid):
                yield TellFlags(number, uid, flags, self.is_recent(uid), modseq)

    def _expunge(self, gone: set[int]) -> TellExpunged:
        # One pass over the whole, whatever their number. Each EXPUNGE lowers the numbers
        # after it, so ascending ones are counted down by those before them.
        told, uids = self._told, array("I", sorted(gone))
        if len(uids) == 1:
            self._own()
            place = bisect_left(self._told, uids[0])
            del self._told[place]
            return TellExpunged((place + 1,), uids)
        numbers = [bisect_left(told, uid) + 1 - before for before, uid in enumerate(uids)]
        if len(uids) == len(told):
            self._told = array("I")
        else:
            self._told = array("I", [uid for uid in told if uid not in gone])
        self._shared = False
        return TellExpunged(numbers, uids)
