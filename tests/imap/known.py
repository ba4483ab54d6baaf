"""What a strict reader of the RFCs knows of a mailbox, from nothing but what it was told.

Numbers, UIDs and flags; with QRESYNC the mod-sequence up to which it knows all, with which it comes
back.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.responses import (
    Condition,
    Exists,
    Expunged,
    FlagsData,
    Tagged,
    Vanished,
)
from netsuite.imap.sequences import TOP, SequenceSet


class Known:
    """A mailbox as one client knows it.

    Args:
        recent: who was told of a message as recent, which one client may be.
        qresync: it has enabled QRESYNC (RFC 7162, 3.2).
        at_once: it is told of EXPUNGE whenever it happens (RFC 5465, 5.1).
        by_uid: it has enabled UIDONLY (RFC 9586).

    Attributes:
        uids: of the messages in their order, None where it has not looked; with UIDONLY, which
            has no numbers, those that it has not looked at come last.
        flags: by UID, as far as it was told.
        listed: those that FLAGS lists.
        modseq: up to which it knows all.
        validity: UIDVALIDITY, 0 as long as it was not told.
    """

    def __init__(
        self,
        recent: MutableMapping[int, object],
        *,
        qresync: bool = False,
        at_once: bool = False,
        by_uid: bool = False,
    ) -> None:
        self.recent = recent
        self.qresync, self.at_once, self.by_uid = qresync, at_once, by_uid
        self.uids: list[int | None] = []
        self.flags: dict[int, frozenset[str]] = {}
        self.modseqs: dict[int, int] = {}
        self.listed: frozenset[str] = frozenset()
        self.modseq = 0
        self.validity = 0
        self._selecting = False
        self._returns = False
        self._count = 0

    # -- SELECT -------------------------------------------------------------------------------

    def selects(self) -> bytes:
        """Begin to open the mailbox; return the parameters of SELECT: with QRESYNC what is known is
        brought up to date."""
        known = [uid for uid in self.uids if uid is not None]
        self._returns = self.qresync and bool(self.modseq)
        self._selecting = True
        if not self._returns:
            self.uids, self.flags, self.modseqs = [], {}, {}
            return b""
        self.uids = list(known)
        self.flags = {uid: flags for uid, flags in self.flags.items() if uid in known}
        if known and len(known) % 2:
            return b" (QRESYNC (%d %d 1:%d))" % (self.validity, self.modseq, max(known))
        return b" (QRESYNC (%d %d))" % (self.validity, self.modseq)

    def selected(self) -> None:
        """Accept that it is open."""
        self._selecting = False
        if self._returns and len(self.uids) != self._count:
            # It had not looked which UIDs they have that came before it left.
            self.uids = [None] * self._count
            self._look()

    # -- what is said -------------------------------------------------------------------------

    def hear(self, event: object, *, may_expunge: bool) -> None:
        """Accept a response.

        Args:
            may_expunge: whether numbers may change now (RFC 3501, 7.4.1).
        """
        match event:
            case Exists(messages):
                self._exists(messages)
            case Expunged(number):
                assert not self.qresync, "EXPUNGE in place of VANISHED"
                assert not self.by_uid, "EXPUNGE in place of VANISHED"
                assert may_expunge or self.at_once, "EXPUNGE while numbers are used"
                self._gone(number)
            case Vanished(uids, earlier):
                assert self.qresync or self.by_uid, "VANISHED in place of EXPUNGE"
                assert may_expunge or self.at_once or earlier, "VANISHED while numbers are used"
                self._vanished(uids, earlier=earlier)
            case FetchData():
                self._fetched(event)
            case FlagsData(flags):
                self.listed = frozenset(flags)
            case Condition(_, _, code) | Tagged(_, _, _, code):
                if code is not None and isinstance(code.argument, int):
                    if code.name == "HIGHESTMODSEQ":
                        self.modseq = code.argument
                    elif code.name == "UIDVALIDITY":
                        assert self.validity in (0, code.argument), "another UIDVALIDITY"
                        self.validity = code.argument

    def removed(self, uid: int) -> None:
        """Accept that a message is gone whose UID is known."""
        self.flags.pop(uid, None)
        self.modseqs.pop(uid, None)

    def _exists(self, messages: int) -> None:
        if self._selecting and self._returns:
            # What vanished meanwhile comes later in the same answer.
            self._count = messages
            return
        assert messages >= len(self.uids), "EXISTS never takes away"
        self.uids += [None] * (messages - len(self.uids))

    def _gone(self, number: int) -> None:
        assert 0 < number <= len(self.uids), f"EXPUNGE {number} of {len(self.uids)}"
        uid = self.uids.pop(number - 1)
        if uid is not None:
            self.removed(uid)

    def _vanished(self, uids: SequenceSet, *, earlier: bool) -> None:
        if earlier and not self._selecting:
            return  # numbers stay, until it is told without EARLIER (RFC 7162, 3.2.10.1)
        gone = set(uids.members([uid for uid in self.uids if uid is not None], TOP))
        unknown = sum(high - low + 1 for low, high in uids.resolve(TOP)) - len(gone)
        self.uids = [uid for uid in self.uids if uid not in gone]
        for uid in gone | set(uids.members(list(self.flags), TOP)):
            self.removed(uid)
        if not earlier:
            # Of those whose UID it does not know it must look which they were.
            for _ in range(unknown):
                assert None in self.uids, f"VANISHED {bytes(uids)!r} of what was never there"
                self.uids.remove(None)
            self._look()

    def _look(self) -> None:
        """Forget which message has which number, where that is not certain any more."""
        if None in self.uids and not self.by_uid:
            self.uids = [None] * len(self.uids)
            self.flags.clear()

    def _fetched(self, data: FetchData) -> None:
        uid = data.uid
        if self._selecting or self.by_uid:
            if uid is not None and uid not in self.uids:
                if not self._selecting:
                    assert None in self.uids, f"UIDFETCH of {uid}, which was not told of"
                    self.uids.remove(None)
                self.uids.append(uid)
                self.uids.sort(key=lambda each: each or TOP)
        else:
            assert data.number <= len(self.uids), f"FETCH of {data.number} of {len(self.uids)}"
            known = self.uids[data.number - 1]
            assert uid is None or known in (None, uid), f"{data.number} is {known}, not {uid}"
            if uid is None:
                uid = known
            self.uids[data.number - 1] = uid
        if data.modseq is not None:
            self.modseq = max(self.modseq, data.modseq)
        if uid is None:
            return
        if data.modseq is not None:
            assert data.modseq >= self.modseqs.get(uid, 0), f"the mod-sequence of {uid} went back"
            self.modseqs[uid] = data.modseq
        if data.flags is None:
            return
        if "\\Recent" in data.flags:
            assert self.recent.setdefault(uid, self) is self, "recent in two sessions"
        self.flags[uid] = data.flags - {"\\Recent"}
        assert self.flags[uid] <= self.listed, f"{data.flags - self.listed} was not listed"
