"""A selected mailbox: its view, and its place in the feed of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from netsuite.accounts.interfaces import MailAccess
from netsuite.imap.commands.responses import Code, Condition, FlagsData, Status
from netsuite.imap.grammar.fetch_response import flags_item, format_fetch, modseq_item, uid_item
from netsuite.imap.grammar.printing import is_flag
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.view import (
    MailboxView,
    TellExists,
    TellExpunged,
    TellFlags,
    Telling,
)
from netsuite.store import changes
from netsuite.store.model import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, Folder

#: In the order FLAGS and PERMANENTFLAGS list them.
SYSTEM_FLAGS = (ANSWERED, FLAGGED, DELETED, SEEN, DRAFT)


class Selected:
    """A mailbox that is selected; by EXAMINE it is *read_only*.

    Args:
        changed: called after each change has been noted; may come from within any publish.
    """

    __slots__ = (
        "_changed",
        "_early",
        "_keywords",
        "_subscription",
        "claims_recent",
        "folder",
        "mail",
        "read_only",
        "view",
    )

    def __init__(
        self, mail: MailAccess, folder: Folder, *, read_only: bool, changed: Callable[[], None]
    ) -> None:
        self.mail = mail
        self.folder = folder
        self.read_only = read_only
        self.claims_recent = not read_only and mail.writable(folder)
        self.view = MailboxView((), recent_from=1)
        self._changed = changed
        self._keywords: dict[str, str] | None = None  # lower case to as written
        # What is published while the mailbox is still being read waits here.
        self._early: list[changes.Change] | None = []
        self._subscription: changes.Subscription = mail.watch_folder(folder.id, self._note)

    def opened(self, view: MailboxView) -> None:
        """Accept the view that was read, and what happened while it was."""
        self.view = view
        early, self._early = self._early, None
        for change in early or ():
            self._note(change)

    def close(self) -> None:
        """Stop hearing of changes."""
        self._subscription.cancel()

    async def claim_recent(self) -> int:
        """Claim the messages that are recent, so that they are so in no other session; return
        the first of their UIDs."""
        return await self.mail.claim_recent(self.folder.id)

    # -- the feed -----------------------------------------------------------------------------

    def _note(self, change: changes.Change) -> None:
        # Called within every publish, for every session: it notes, and no more.
        if self._early is not None:
            self._early.append(change)
            return
        view = self.view
        if isinstance(change, changes.MessagesAdded):
            view.note_added(change.modseq, change.uids)
        elif isinstance(change, changes.FlagsChanged):
            # Another account's own flags on a shared folder come by as well: whose they are,
            # only the store can tell, so they are read again like those that came in part.
            unknown = change.partial or (change.account is not None and self.folder.owner is None)
            flags = (None,) * len(change.uids) if unknown else change.flags
            view.note_flags(change.modseq, change.uids, flags)
        elif isinstance(change, changes.MessagesExpunged):
            view.note_expunged(change.modseq, change.uids)
        elif isinstance(change, changes.FolderDeleted):
            view.closed = True
        else:
            return
        self._changed()

    async def read_flags(self) -> None:
        """Read the flags that changes did not bring along."""
        uids = self.view.unread_flags()
        if uids:
            messages = await self.mail.messages(self.folder.id, sorted(uids))
            self.view.learn_flags({each.uid: (each.flags, each.modseq) for each in messages})

    # -- flags --------------------------------------------------------------------------------

    def flag_list(self) -> tuple[str, ...]:
        """Return the flags FLAGS lists: the system's, and the keywords seen so far."""
        return (*SYSTEM_FLAGS, *(self._keywords or {}).values())

    def keywords(self) -> int:
        """Return how many keywords were seen so far."""
        return len(self._keywords or ())

    def knows(self, flag: str) -> bool:
        """Return whether FLAGS has listed a flag."""
        return flag[0] == "\\" or flag.lower() in (self._keywords or ())

    def new_keywords(self, flags: Iterable[frozenset[str]]) -> bytes:
        """Accept the keywords among flags; where some are new, return the responses that list
        them, to be said before they are used (RFC 3501, 7.2.6)."""
        new = {
            flag.lower(): flag
            for each in flags
            for flag in each
            if flag[:1] != "\\" and flag.lower() not in (self._keywords or ()) and is_flag(flag)
        }
        if not new:
            return b""
        self._keywords = {**(self._keywords or {}), **new}
        return format_response(FlagsData(self.flag_list())) + format_response(
            self.permanent_flags()
        )

    def permanent_flags(self) -> Condition:
        """Return the response that says which flags can be changed for good."""
        flags = () if self.read_only else (*self.flag_list(), "\\*")
        return Condition(Status.OK, "Flags that stay", Code("PERMANENTFLAGS", flags))

    # -- telling ------------------------------------------------------------------------------

    def tell(self, *, may_expunge: bool, modseqs: bool, vanished: bool) -> bytes:
        """Return the responses that tell the client what happened, as far as it may be told.

        Args:
            may_expunge: whether message numbers may change now.
            modseqs: whether FETCH responses carry MODSEQ (RFC 7162, 3.1).
            vanished: whether VANISHED takes the place of EXPUNGE (RFC 7162, 3.2.10).
        """
        view = self.view
        if not view.waiting:
            return b""
        tellings = view.tell(may_expunge=may_expunge)
        new = self.new_keywords(each.flags for each in tellings if type(each) is TellFlags)
        return new + b"".join([_format_telling(each, modseqs, vanished) for each in tellings])


def _format_telling(telling: Telling, modseqs: bool, vanished: bool) -> bytes:
    match telling:
        case TellFlags(number, uid, flags, recent, modseq):
            items = [uid_item(uid), flags_item(flags, recent)]
            if modseqs:
                items.append(modseq_item(modseq))
            return format_fetch(number, items)
        case TellExists(messages, recent):
            return b"* %d EXISTS\r\n* %d RECENT\r\n" % (messages, recent)
        case TellExpunged(numbers, uids):
            if vanished:
                return b"* VANISHED %b\r\n" % bytes(SequenceSet.of(uids))
            return b"".join([b"* %d EXPUNGE\r\n" % number for number in numbers])
