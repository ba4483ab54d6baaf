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
from netsuite.store.errors import NoSuchFolder, StoreError
from netsuite.store.model import SEPARATOR, Folder, FolderId

#: So many mailboxes are watched for one client, and so many names wait to be told to it.
WATCHED, NAMES = 10_000, 1000

SUPPORTED: Final = (
    Event.MESSAGE_NEW,
    Event.MESSAGE_EXPUNGE,
    Event.FLAG_CHANGE,
    Event.MAILBOX_NAME,
    Event.SUBSCRIPTION_CHANGE,
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
    """A watched mailbox, and which events of its messages wait to be told."""

    name: str
    events: frozenset[Event | str]
    subscription: changes.Subscription


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
        self._outdated = False
        self._stopped = False
        self._telling: Deferred[None] | None = None
        self._later: IDelayedCall | None = None
        self._on_names = frozenset[Event | str]().union(*(g.events for g in groups)) & _ON_NAMES
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
        found = {each.id: (each.name, self._events(each.name)) for each in folders}
        watched = {
            folder: (name, events) for folder, (name, events) in found.items()
            if events & MESSAGE_EVENTS
        }  # fmt: skip
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

    def _events(self, name: str) -> frozenset[Event | str]:
        """Return the events that are asked for of a mailbox."""
        return frozenset[Event | str]().union(
            *(group.events for group in self._groups if self._is_in(group, name))
        )

    def _is_in(self, group: EventGroup, name: str) -> bool:
        match group.watched:
            case Watched.PERSONAL | Watched.INBOXES:
                # Filters may deliver to each of an account's own (RFC 5465, 6.3).
                folder = self._names.get(name)
                return not name.startswith(self._session.mail.public_prefix) and (
                    folder is None or self._session.mail.writable(folder)
                )
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
                # No word of those below it: they are renamed with it (RFC 5465, 5.4).
                above, before = new.rpartition(SEPARATOR)[0], old.rpartition(SEPARATOR)[0]
                if not (above and self._renamed.get(above) == before):
                    self._heard_of(new, Event.MAILBOX_NAME, old)
            case changes.SubscriptionChanged(_, name, _):
                self._heard_of(name, Event.SUBSCRIPTION_CHANGE)
            case _:
                return
        self._outdated = True
        self._soon()

    def _heard_of(self, name: str, event: Event, old: str = "") -> None:
        command = self._session.dialog.command
        if command is not None and isinstance(command.request, _OWN):
            return
        if event not in self._on_names:
            return
        self._renamed[name] = old
        if event is Event.MAILBOX_NAME and not old and SEPARATOR in name:
            # Its direct parent is affected, too.
            self._renamed.setdefault(name.rpartition(SEPARATOR)[0], "")
        if len(self._renamed) > NAMES:
            self._overflow()

    # -- telling ------------------------------------------------------------------------------

    def answered(self) -> None:
        """Accept that a command has been answered: what waited may be said."""
        if self._changed or self._renamed or self._outdated:
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
            if self._outdated:
                await self.start()
            while self._renamed and self._may_say:
                name = next(iter(self._renamed))
                old = self._renamed.pop(name)
                if self._events(name) & _ON_NAMES or self._events(old) & _ON_NAMES:
                    session.say(self._listed(name, old))
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
            if selected is None or selected.folder.id != folder:
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
        except NoSuchFolder:
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
        if name in self._names:
            attributes = ["\\HasChildren" if parent else "\\HasNoChildren"]
        else:
            attributes = ["\\Noselect", "\\HasChildren"] if parent else ["\\NonExistent"]
        if name in self._subscribed:
            attributes.append("\\Subscribed")
        return Listed(tuple(attributes), SEPARATOR, name, oldname=old or None)

    def _overflow(self) -> None:
        """Tell the client that it is told of nothing any more (RFC 5465, 5.8)."""
        session = self._session
        self.stop()
        self._renamed.clear()
        self._changed.clear()
        if session.news is self:
            session.news, session.events = None, selected_events(())
        session.say(Condition(Status.OK, "Too much happens", _OVERFLOW))


HANDLERS = handlers(notify)
