"""A selected mailbox: its view, and its place in the feed of changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.imap.commands.notify import MessageEvents
from netsuite.imap.commands.responses import Code, Condition, FlagsData, Status
from netsuite.imap.grammar.fetch_response import (
    flags_item,
    format_fetch,
    format_uid_fetch,
    modseq_item,
    uid_item,
)
from netsuite.imap.grammar.printing import is_flag
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.view import (
    NOTHING,
    MailboxView,
    TellExists,
    TellExpunged,
    TellFlags,
    Telling,
    TellRecent,
)
from netsuite.store import changes, rights
from netsuite.store.errors import NoSuchFolder, NotPermitted
from netsuite.store.model import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, Folder

_OF_MESSAGES: Final = (changes.MessagesAdded, changes.FlagsChanged, changes.MessagesExpunged)
#: In the order FLAGS and PERMANENTFLAGS list them.
SYSTEM_FLAGS = (ANSWERED, FLAGGED, DELETED, SEEN, DRAFT)


class Selected:
    """A mailbox that is selected; it is *read_only* by EXAMINE, or where nothing in it may be
    changed.

    Args:
        most_keywords: so many may be in use before there can be new ones no more.
        changed: called after each change has been noted; may come from within any publish.
    """

    __slots__ = (
        "_changed",
        "_early",
        "_examined",
        "_keywords",
        "_most_keywords",
        "_opened_at",
        "_rights_changed",
        "_said",
        "_subscription",
        "_unlisted",
        "claims_recent",
        "folder",
        "mail",
        "view",
    )

    def __init__(
        self,
        mail: MailAccess,
        folder: Folder,
        *,
        examined: bool,
        most_keywords: int,
        changed: Callable[[], None],
    ) -> None:
        self.mail = mail
        self.folder = folder
        self._examined = examined
        self._most_keywords = most_keywords
        self._said = folder.rights  # of these the client knows
        self._rights_changed = False  # they are to be read again
        self.claims_recent = not self.read_only and mail.writable(folder)
        self.view = MailboxView(())
        self._changed = changed
        self._keywords: dict[str, str] = {}  # lower case to as written
        self._unlisted = False  # some of them have not been said
        self._opened_at = 0  # what is told with a mod-sequence up to it is in the view
        # What is published while the mailbox is still being read waits here.
        self._early: list[changes.Change] | None = []
        self._subscription: changes.Subscription = mail.watch_folder(folder.id, self._note)

    def opened(self, view: MailboxView) -> None:
        """Accept the view that was read, and what happened while it was: what is in it already
        was published with a mod-sequence up to its own."""
        self.view = view
        self._opened_at = view.modseq
        early, self._early = self._early, None
        for change in early or ():
            self._note(change)

    def close(self) -> None:
        """Stop hearing of changes."""
        self._subscription.cancel()

    async def claim_recent(self) -> None:
        """Claim the messages that are recent, so that they are so in no other session."""
        view, view.unclaimed = self.view, False
        view.claimed(*await self.mail.claim_recent(self.folder.id))

    # -- rights -------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Whether nothing in it can be changed."""
        return self._examined or not any(each in self.folder.rights for each in rights.WRITING)

    async def _read_rights(self) -> None:
        """Read what the account may do now. Where it may read no more, the mailbox is gone for it,
        of which the feed tells."""
        self._rights_changed = False
        try:
            now = await self.mail.folder_by_id(self.folder.id)
        except (NoSuchFolder, NotPermitted):
            return
        self.folder = replace(self.folder, rights=now.rights)

    def _new_rights(self) -> bytes:
        """Return the responses that tell of rights that have changed (RFC 4314, 5.1.1; RFC 3501,
        7.1)."""
        before, self._said = self._said, self.folder.rights
        if before == self.folder.rights:
            return b""
        said = format_response(FlagsData(self.flag_list())) + format_response(
            self.permanent_flags()
        )
        wrote = any(each in before for each in rights.WRITING)
        if wrote is not self.read_only or self._examined:
            return said
        mode = Code("READ-ONLY" if self.read_only else "READ-WRITE")
        return said + format_response(Condition(Status.OK, "Your rights have changed", mode))

    # -- the feed -----------------------------------------------------------------------------

    def _note(self, change: changes.Change) -> None:
        # Called within every publish, for every session: it notes, and no more.
        if self._early is not None:
            self._early.append(change)
            return
        view = self.view
        if isinstance(change, _OF_MESSAGES):
            if change.modseq <= self._opened_at:
                return
            self._note_messages(view, change)
        elif isinstance(change, changes.FolderDeleted):
            view.closed = True
        elif isinstance(change, changes.RightsChanged) and not self.mail.writable(self.folder):
            self._rights_changed = True
        else:
            return
        self._changed()

    def _note_messages(
        self,
        view: MailboxView,
        change: changes.MessagesAdded | changes.FlagsChanged | changes.MessagesExpunged,
    ) -> None:
        if isinstance(change, changes.MessagesExpunged):
            view.note_expunged(change.modseq, change.uids)
            return
        # They are listed before their first use, of which the client may hear as it likes.
        self._note_keywords(change.flags)
        if isinstance(change, changes.MessagesAdded):
            view.note_added(change.modseq, change.uids)
            return
        # Another account's own flags on a shared folder come by as well: whose they are, only the
        # store can tell, so they are read again like those that came in part.
        unknown = change.partial or (change.account is not None and self.folder.owner is None)
        flags = (None,) * len(change.uids) if unknown else change.flags
        view.note_flags(change.modseq, change.uids, flags)

    @property
    def wants_reading(self) -> bool:
        """Whether something is to be read before all can be told."""
        view = self.view
        unclaimed = view.unclaimed and self.claims_recent
        return unclaimed or self._rights_changed or bool(view.unread_flags())

    async def read_news(self) -> None:
        """Read what is to be known before all can be told."""
        view = self.view
        if self._rights_changed and not view.closed:
            await self._read_rights()
        if view.unclaimed and self.claims_recent and not view.closed:
            await self.claim_recent()
        if not view.closed:
            await self.read_flags()

    async def read_flags(self) -> None:
        """Read the flags that changes did not bring along."""
        asked = self.view.unread_flags()
        if asked:
            messages = await self.mail.messages(self.folder.id, sorted(asked))
            # They may have keywords of a change that is still to be published.
            self._note_keywords(each.flags for each in messages)
            read = {each.uid: (each.flags, each.modseq) for each in messages}
            self.view.learn_flags(asked, read)

    # -- flags --------------------------------------------------------------------------------

    def flag_list(self) -> tuple[str, ...]:
        """Return the flags FLAGS lists: the system's, and the keywords in use."""
        return (*SYSTEM_FLAGS, *self._keywords.values())

    def keywords(self) -> int:
        """Return how many keywords are known."""
        return len(self._keywords)

    def knows(self, flag: str) -> bool:
        """Return whether a flag is known."""
        return flag[0] == "\\" or flag.lower() in self._keywords

    def learn_keywords(self, keywords: Iterable[str]) -> None:
        """Accept the keywords that are in use when the mailbox is opened."""
        self._keywords = {each.lower(): each for each in sorted(keywords) if is_flag(each)}

    def _note_keywords(self, flags: Iterable[frozenset[str]]) -> None:
        for each in flags:
            for flag in each:
                if flag[:1] != "\\" and flag.lower() not in self._keywords and is_flag(flag):
                    self._keywords[flag.lower()] = flag
                    self._unlisted = True

    def new_keywords(self, flags: Iterable[frozenset[str]]) -> bytes:
        """Accept the keywords among flags; where some are new, return the responses that list
        them, to be said before they are used (RFC 3501, 7.2.6)."""
        self._note_keywords(flags)
        if not self._unlisted:
            return b""
        self._unlisted = False
        return format_response(FlagsData(self.flag_list())) + format_response(
            self.permanent_flags()
        )

    def permanent_flags(self) -> Condition:
        """Return the response that says which flags can be changed for good."""
        may = rights.marking(self.folder.rights, public=self.folder.owner is None)
        # RFC 9051, 7.1: without ``\*`` where there can be no new keywords.
        new = ("\\*",) if len(self._keywords) < self._most_keywords else ()
        flags = tuple(
            flag
            for flag in (*self.flag_list(), *new)
            if not self.read_only and rights.right_for(flag) in may
        )
        return Condition(Status.OK, "Flags that stay", Code("PERMANENTFLAGS", flags))

    # -- telling ------------------------------------------------------------------------------

    def tell(
        self, manner: Manner, events: MessageEvents, *, may_expunge: bool, unasked: bool = False
    ) -> bytes:
        """Return the responses that tell the client what happened, as far as it may be told.

        Args:
            events: of what it wants to be told.
            may_expunge: whether message numbers may change now.
            unasked: a command of the client may be on its way already.
        """
        view = self.view
        if not unasked:
            view.crossing = NOTHING
        mine = self._new_rights()
        if not view.waiting:
            return mine
        tellings = view.tell(
            may_expunge=may_expunge and events.expunged,
            may_add=events.added,
            may_flag=events.flags,
            unasked=unasked,
        )
        if not tellings:
            return mine
        new = self.new_keywords(()) if events.flags else b""
        return mine + new + b"".join([_format_telling(each, manner) for each in tellings])


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client is told, by what it has enabled.

    Args:
        modseqs: FETCH responses carry MODSEQ (RFC 7162, 3.1).
        vanished: VANISHED takes the place of EXPUNGE (RFC 7162, 3.2.10; RFC 9586).
        by_uid: UIDFETCH takes the place of FETCH (RFC 9586).
        recent: \\Recent is told of, which IMAP4rev2 has not.
    """

    modseqs: bool = False
    vanished: bool = False
    by_uid: bool = False
    recent: bool = True


def format_flags_told(
    number: int, uid: int, flags: frozenset[str], recent: bool, modseq: int, manner: Manner
) -> bytes:
    """Return the FETCH response that tells of a message's flags unasked."""
    items = [flags_item(flags, recent and manner.recent)]
    if manner.modseqs:
        items.append(modseq_item(modseq))
    if manner.by_uid:
        return format_uid_fetch(uid, items)
    return format_fetch(number, [uid_item(uid), *items])


def _format_telling(telling: Telling, manner: Manner) -> bytes:
    match telling:
        case TellFlags(number, uid, flags, recent, modseq):
            return format_flags_told(number, uid, flags, recent, modseq, manner)
        case TellExists(messages, recent):
            if not manner.recent:
                return b"* %d EXISTS\r\n" % messages
            return b"* %d EXISTS\r\n* %d RECENT\r\n" % (messages, recent)
        case TellRecent(recent):
            return b"* %d RECENT\r\n" % recent if manner.recent else b""
        case TellExpunged(numbers, uids):
            if manner.vanished:
                return b"* VANISHED %b\r\n" % bytes(SequenceSet.of(uids))
            return b"".join([b"* %d EXPUNGE\r\n" % number for number in numbers])
