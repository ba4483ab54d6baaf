"""NOTIFY: what a client is told of mailboxes that it has not selected (RFC 5465).

Changes are noted as they are published, and told in the next turn of the reactor: a burst in a
mailbox becomes one STATUS. While a command is answered they wait for its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from netsuite.connection.server import handlers
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.metadata import MetadataChanged
from netsuite.imap.commands.notify import (
    Event,
    EventGroup,
    MessageEvents,
    Notify,
    Watched,
)
from netsuite.imap.commands.responses import Code, Completion, Condition, Listed, Status, no, ok
from netsuite.imap.grammar.notify import MESSAGE_EVENTS
from netsuite.imap.server.folders import status_data
from netsuite.imap.server.session import Session
from netsuite.store import changes
from netsuite.store.errors import NoSuchFolder, NotPermitted, StoreError
from netsuite.store.model import SEPARATOR, Folder, FolderId

#: So many mailboxes are watched for one client, and so many names wait to be told to it.
WATCHED, NAMES = 10_000, 1000

SUPPORTED: Final = (
    Event.MESSAGE_NEW,
    Event.MESSAGE_EXPUNGE,
    Event.FLAG_CHANGE,
    Event.MAILBOX_NAME,
    Event.SUBSCRIPTION_CHANGE,
    Event.MAILBOX_METADATA_CHANGE,
    Event.SERVER_METADATA_CHANGE,
)
_SELECTED: Final = (Watched.SELECTED, Watched.SELECTED_DELAYED)
_ON_NAMES: Final = frozenset({Event.MAILBOX_NAME, Event.SUBSCRIPTION_CHANGE})
_OVERFLOW: Final = Code("NOTIFICATIONOVERFLOW")
_BAD_EVENT: Final = no(
    "Of some of that nobody is told here",
    Code("BADEVENT", tuple(event.value for event in SUPPORTED)),
)
#: What a change of messages is, and what STATUS says of it (RFC 5465, 5.1 to 5.3).
_KINDS: Final[Mapping[type, Event]] = {
    changes.MessagesAdded: Event.MESSAGE_NEW,
    changes.MessagesExpunged: Event.MESSAGE_EXPUNGE,
    changes.FlagsChanged: Event.FLAG_CHANGE,
}
_COUNTS: Final = ("MESSAGES", "UIDNEXT", "UIDVALIDITY")
_MARKS: Final = ("UIDVALIDITY", "UNSEEN")
#: What a client knows that has just said it.
_OWN: Final = (ask.Create, ask.Delete, ask.Rename, ask.Subscribe, ask.Unsubscribe)


class TooMany(Exception):
    """More is to be watched than one client may have watched."""


async def notify(session: Session, request: Notify) -> Completion:
    """Tell a client from now on of what it asks for, and of nothing else."""
    wanted = frozenset[Event | str]().union(*(group.events for group in request.groups))
    if not wanted <= frozenset(SUPPORTED):
        return _BAD_EVENT
    groups = tuple(group for group in request.groups if group.watched not in _SELECTED)
    news = None
    if groups:
        news = MailboxNews(session, groups)
        try:
            await news.start()
            news.tell_of_closed()
            if request.status:
                await news.tell_all()
        except BaseException as error:
            news.stop()
            if isinstance(error, TooMany):
                return no("That is too much to watch", _OVERFLOW)
            raise
    if session.news is not None:
        session.news.stop()
    session.news, session.events = news, selected_events(request.groups)
    # Its completion tells all that has gathered, as that of NOOP does.
    return ok("Watching" if request.groups else "Watching nothing")


def selected_events(groups: Iterable[EventGroup]) -> MessageEvents:
    """Return what a client is told of the selected mailbox: nothing where that is not said."""
    for group in groups:
        if group.watched in _SELECTED and group.events:
            return MessageEvents(
                flags=Event.FLAG_CHANGE in group.events,
                always=True,
                at_once=group.watched is Watched.SELECTED,
                items=group.items,
            )
    return MessageEvents(added=False, expunged=False, flags=False)


@dataclass(slots=True)
class _Mailbox:
    """A watched mailbox, and of which events of its messages the client is told."""

    name: str
    events: frozenset[Event | str]
    subscription: changes.Subscription


# Longer than 300 lines: what is noted of mailboxes, and when it may be told, is one thing.
class MailboxNews:
    """The mailboxes that are watched for one client, and what it is still to be told of them.

    Implements ``session.News``.

    Args:
        groups: those of mailboxes that are not selected.
    """

    def __init__(self, session: Session, groups: tuple[EventGroup, ...]) -> None:
        self._session = session
        self._groups = groups
        self._names: dict[str, Folder] = {}
        self._subscribed: frozenset[str] = frozenset()
        self._watched: dict[FolderId, _Mailbox] = {}
        self._changed: dict[FolderId, set[Event]] = {}
        self._renamed: dict[str, str] = {}  # names to be told of, and what they were before
        self._closed: set[str] = set()  # of these, those that rights hide or show
        self._doubtful: set[FolderId] = set()  # rights on them have changed
        self._deleted: set[FolderId] = set()  # of these, those that are gone
        self._annotated: dict[str, dict[str, None]] = {}  # entries by mailbox
        self.own: frozenset[str] = frozenset()
        self._outdated = False
        self._stopped = False
        self._telling: Deferred[None] | None = None
        self._later: IDelayedCall | None = None
        self._all = frozenset[Event | str]().union(*(group.events for group in groups))
        self._subscription = session.mail.watch(self._heard)

    async def start(self) -> None:
        """Look at which mailboxes there are, and watch those that are asked for.

        Raises:
            TooMany: of them.
        """
        mail = self._session.mail
        self._outdated = False
        folders = await mail.folders()
        self._subscribed = await mail.subscriptions()
        self._names = {folder.name: folder for folder in folders}
        watched = {
            folder.id: (folder.name, self._message_events(folder))
            for folder in folders
            if self._is_watched(folder)
        }
        if len(watched) > WATCHED:
            raise TooMany
        if self._stopped:
            return
        for folder in self._watched.keys() - watched.keys():
            self._watched.pop(folder).subscription.cancel()
            self._changed.pop(folder, None)
        for folder, (name, events) in watched.items():
            known = self._watched.get(folder)
            if known is None:
                watching = mail.watch_folder(folder, partial(self._noted, folder))
                self._watched[folder] = _Mailbox(name, events, watching)
            else:
                known.name, known.events = name, events

    def stop(self) -> None:
        """Hear of nothing any more."""
        self._stopped = True
        self._subscription.cancel()
        for each in self._watched.values():
            each.subscription.cancel()
        self._watched.clear()
        if self._later is not None:
            self._later.cancel()
            self._later = None

    # -- which mailboxes ----------------------------------------------------------------------

    def _is_watched(self, folder: Folder) -> bool:
        """Return whether what happens in a folder is to be heard; that one of another account is
        gone or renamed, nothing else tells."""
        if folder.name.startswith(self._session.mail.others_prefix):
            return bool(self._events(folder.name))
        return bool(self._message_events(folder))

    def _message_events(self, folder: Folder) -> frozenset[Event | str]:
        """Return of which events of a folder's messages the client is told: without the right to
        read, of none (RFC 5465, 5)."""
        return self._events(folder.name) & MESSAGE_EVENTS if "r" in folder.rights else frozenset()

    def _events(self, name: str) -> frozenset[Event | str]:
        """Return the events that are asked for of a mailbox."""
        return frozenset[Event | str]().union(
            *(group.events for group in self._groups if self._is_in(group, name))
        )

    def _is_in(self, group: EventGroup, name: str) -> bool:
        match group.watched:
            case Watched.PERSONAL | Watched.INBOXES:
                # Filters may deliver to each of an account's own (RFC 5465, 6.3).
                mail = self._session.mail
                return not name.startswith((mail.public_prefix, mail.others_prefix))
            case Watched.SUBSCRIBED:
                return name in self._subscribed
            case Watched.SUBTREE:
                return any(
                    name == above or name.startswith(above + SEPARATOR) for above in group.mailboxes
                )
            case _:
                return name in group.mailboxes

    # -- noting: within each publish ----------------------------------------------------------

    def _noted(self, folder: FolderId, change: changes.Change) -> None:
        if isinstance(change, changes.FolderDeleted | changes.FolderRenamed):
            if isinstance(change, changes.FolderDeleted) and change.name:
                self._deleted.add(folder)  # else it is only hidden
            self._doubt(folder)
            return
        kind = _KINDS.get(type(change))
        watched = self._watched.get(folder)
        selected = self._session.selected
        if kind is None or watched is None or kind not in watched.events:
            return
        if selected is not None and selected.folder.id == folder:
            return  # SELECTED says of what of it the client is told
        self._changed.setdefault(folder, set()).add(kind)
        self._soon()

    def _heard(self, change: changes.Change) -> None:
        match change:
            case changes.FolderCreated(_, _, name) | changes.FolderDeleted(_, _, name):
                self._heard_of(name, Event.MAILBOX_NAME)
            case changes.FolderRenamed(_, _, old, new):
                self._heard_of_rename(old, new)
            case changes.SubscriptionChanged(_, name, _):
                self._heard_of(name, Event.SUBSCRIPTION_CHANGE)
            case changes.RightsChanged(folder, _):
                self._doubt(folder)
                return
            case changes.AnnotationsChanged():
                self._heard_of_entries(change)
                return
            case _:
                return
        self._outdated = True
        self._soon()

    def _doubt(self, folder: FolderId) -> None:
        self._doubtful.add(folder)
        self._soon()

    def _heard_of_entries(self, change: changes.AnnotationsChanged) -> None:
        if self.own.issuperset(change.entries) or self._session.annotations is not None:
            return  # who has enabled METADATA is told without NOTIFY
        if change.folder is None:
            wanted, name = Event.SERVER_METADATA_CHANGE in self._all, ""
        else:
            names = (each.name for each in self._names.values() if each.id == change.folder)
            name = next(names, "")
            readable = name != "" and "r" in self._names[name].rights
            wanted = readable and Event.MAILBOX_METADATA_CHANGE in self._events(name)
        if not wanted:
            return
        self._annotated.setdefault(name, {}).update(dict.fromkeys(change.entries))
        if len(self._annotated) > NAMES or len(self._annotated[name]) > NAMES:
            self._overflow()
        self._soon()

    def _heard_of_rename(self, old: str, new: str) -> None:
        # No word of those below it: they are renamed with it (RFC 5465, 5.4).
        above, before = new, old
        while above:
            above, before = above.rpartition(SEPARATOR)[0], before.rpartition(SEPARATOR)[0]
            if above and before and self._renamed.get(above) == before:
                return
        self._heard_of(new, Event.MAILBOX_NAME, old)

    def _heard_of(self, name: str, event: Event, old: str = "") -> None:
        command = self._session.dialog.command
        if command is not None and isinstance(command.request, _OWN):
            return
        if event not in self._all:
            return
        self._renamed[name] = old
        if event is Event.MAILBOX_NAME and not old and SEPARATOR in name:
            # Its direct parent is affected, too.
            self._renamed.setdefault(name.rpartition(SEPARATOR)[0], "")
        if len(self._renamed) > NAMES:
            self._overflow()

    # -- rights -------------------------------------------------------------------------------

    async def _look_at_rights(self) -> None:
        """Find which folders have come or gone with rights that have changed (RFC 5465, 5.4)."""
        doubtful, self._doubtful = self._doubtful, set()
        deleted, self._deleted = self._deleted, set()
        before = self._by_id(doubtful)
        for folder in doubtful - before.keys():
            try:
                await self._session.mail.folder_by_id(folder)
            except (NoSuchFolder, NotPermitted):
                continue
            break
        else:
            if all(map(self._session.mail.writable, before.values())):
                return
        await self.start()
        after = self._by_id(doubtful)
        # Those above come before those below them.
        known = {**after, **before}
        for folder in sorted(known, key=lambda each: known[each].name):
            self._compare(before.get(folder), after.get(folder), hidden=folder not in deleted)

    def _by_id(self, folders: set[FolderId]) -> dict[FolderId, Folder]:
        return {each.id: each for each in self._names.values() if each.id in folders}

    def _compare(self, before: Folder | None, after: Folder | None, *, hidden: bool) -> None:
        """Accept what an account sees of a folder now, and what it saw; one that is not there for
        it any more may be only *hidden*."""
        if after is None:
            assert before is not None
            self._heard_of(before.name, Event.MAILBOX_NAME)
            if hidden:
                self._heard_of_access(before.name)
        elif before is None:
            self._heard_of(after.name, Event.MAILBOX_NAME)
        elif before.name != after.name:
            self._heard_of_rename(before.name, after.name)
        elif ("r" in before.rights) is not ("r" in after.rights):
            self._heard_of_access(after.name)

    def _heard_of_access(self, name: str) -> None:
        """Accept that a mailbox may be read no more, or again (RFC 5465, 5.9)."""
        self._renamed.setdefault(name, "")
        self._closed.add(name)

    def tell_of_closed(self) -> None:
        """Send which mailboxes of those to be watched the client may not read (RFC 5465, 3.1)."""
        for name, folder in self._names.items():
            if "r" not in folder.rights and self._events(name):
                self._session.say(self._listed(name, ""))

    # -- telling ------------------------------------------------------------------------------

    def answered(self) -> None:
        """Accept that a command has been answered: what waited may be said."""
        if self._changed or self._renamed or self._outdated or self._doubtful or self._annotated:
            self._soon()

    def _soon(self) -> None:
        if self._later is None and self._telling is None and not self._stopped:
            self._later = self._session.clock.callLater(0, self._tell_now)

    def _tell_now(self) -> None:
        self._later = None
        session = self._session
        if session.closing or session.lost or not session.may_be_told:
            return  # it is called again when the command has been answered
        telling = self._telling = session.spawn(self._tell())
        telling.addBoth(self._told)

    def _told(self, result: None) -> None:
        self._telling = None
        self.answered()

    async def _tell(self) -> None:
        session = self._session
        try:
            if self._doubtful:
                await self._look_at_rights()
            if self._outdated:
                await self.start()
            while self._renamed and self._may_say:
                name = next(iter(self._renamed))
                old = self._renamed.pop(name)
                events = self._events(name) | self._events(old)
                if events & _ON_NAMES or (events and name in self._closed):
                    session.say(self._listed(name, old))
                self._closed.discard(name)
            while self._annotated and self._may_say:
                name = next(iter(self._annotated))
                session.say(MetadataChanged(name, tuple(self._annotated.pop(name))))
            while self._changed and self._may_say:
                folder = next(iter(self._changed))
                await self._tell_status(folder, frozenset(self._changed.pop(folder)))
        except TooMany:
            self._overflow()
        except StoreError as error:
            # What is not told now is told with what happens next.
            session.log.info("{name}: reading news: {why!r}", name=session.name, why=error)
        await session.writer.writable()

    @property
    def _may_say(self) -> bool:
        return not self._stopped and self._session.may_be_told

    async def tell_all(self) -> None:
        """Send the STATUS of each watched mailbox but the selected one (RFC 5465, 3.1)."""
        selected = self._session.selected
        for folder, watched in list(self._watched.items()):
            if watched.events and (selected is None or selected.folder.id != folder):
                await self._say_status(watched, watched.events)
                await self._session.writer.writable()

    async def _tell_status(self, folder: FolderId, events: frozenset[Event]) -> None:
        watched = self._watched.get(folder)
        if watched is not None and not await self._say_status(watched, events):
            self._changed.setdefault(folder, set()).update(events)

    async def _say_status(self, watched: _Mailbox, events: frozenset[Event | str]) -> bool:
        """Send a mailbox's STATUS; return False where it may not be sent now."""
        items: dict[str, None] = {}
        if events - {Event.FLAG_CHANGE}:
            items |= dict.fromkeys(_COUNTS)
        if Event.FLAG_CHANGE in events:
            items |= dict.fromkeys(_MARKS)
        if self._session.modseqs:
            items["HIGHESTMODSEQ"] = None
        try:
            data = await status_data(self._session, watched.name, tuple(items))
        except (NoSuchFolder, NotPermitted):
            return True  # of which MailboxName tells
        command = self._session.dialog.command
        if not self._may_say and not (command and isinstance(command.request, Notify)):
            return False
        self._session.say(data)
        return True

    def _listed(self, name: str, old: str) -> Listed:
        """Return what LIST says of a name now (RFC 5465, 5.4 and 5.5)."""
        below = name + SEPARATOR
        parent = any(each.startswith(below) for each in self._names)
        folder = self._names.get(name)
        if folder is not None:
            attributes = ["\\HasChildren" if parent else "\\HasNoChildren"]
        else:
            attributes = ["\\Noselect", "\\HasChildren"] if parent else ["\\NonExistent"]
        if name in self._closed if folder is None else "r" not in folder.rights:
            attributes.append("\\NoAccess")
        if name in self._subscribed:
            attributes.append("\\Subscribed")
        return Listed(tuple(attributes), SEPARATOR, name, oldname=old or None)

    def _overflow(self) -> None:
        """Tell the client that it is told of nothing any more (RFC 5465, 5.8)."""
        session = self._session
        self.stop()
        for waiting in (self._renamed, self._changed, self._annotated):
            waiting.clear()
        self._doubtful.clear()
        if session.news is self:
            session.news, session.events = None, selected_events(())
        session.say(Condition(Status.OK, "Too much happens", _OVERFLOW))


HANDLERS = handlers(notify)
