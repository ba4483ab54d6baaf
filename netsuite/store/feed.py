"""The change feed within a process: its listeners, called in the order of the commits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from twisted.logger import Logger

from netsuite.store import changes as events
from netsuite.store.changes import Change, Listener, MessageSpread, Published
from netsuite.store.model import AccountId, FolderId

Topic: TypeAlias = tuple[str, int]

ALL: Topic = ("all", 0)
#: Every account hears of public folders as such.
ACCOUNTS: Topic = ("accounts", 0)
#: Any account itself, and the aliases.
NAMES: Topic = ("names", 0)
FILES: Topic = ("files", 0)
LOCKS: Topic = ("locks", 0)
QUEUE: Topic = ("queue", 0)
SCRIPTS: Topic = ("scripts", 0)


class FeedSubscription:
    """A listener's place in a ``LocalFeed``; cancelling it while it is being told is safe."""

    __slots__ = ("_feed", "listener", "topics")

    def __init__(self, feed: LocalFeed, listener: Listener, topics: tuple[Topic, ...]) -> None:
        self._feed: LocalFeed | None = feed
        self.listener = listener
        self.topics = topics

    @property
    def active(self) -> bool:
        """Whether it still wants to hear."""
        return self._feed is not None

    def cancel(self) -> None:
        """Call the listener no more; may be called twice."""
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.forget(self)


class LocalFeed:
    """Tells listeners on the reactor's thread; one that raises is logged, the others hear on.

    A change that is published while another is being told waits for its turn, so that every
    listener hears the same order.
    """

    log = Logger()

    def __init__(self) -> None:
        self._listeners: dict[Topic, dict[FeedSubscription, None]] = {}
        self._waiting: list[Published] = []
        self._telling = False

    def watch_folder(self, folder: FolderId, listener: Listener) -> FeedSubscription:
        """Report what happens in one folder."""
        return self._watch(listener, ("folder", folder))

    def watch_account(self, account: AccountId, listener: Listener) -> FeedSubscription:
        """Report what happens to an account, its folders as such and public folders as such."""
        return self._watch(listener, ("account", account), ACCOUNTS)

    def watch_accounts(self, listener: Listener) -> FeedSubscription:
        """Report changes to any account itself, and to the aliases."""
        return self._watch(listener, NAMES)

    def watch_files(self, listener: Listener) -> FeedSubscription:
        """Report files that change, in this process or another."""
        return self._watch(listener, FILES)

    def watch_locks(self, listener: Listener) -> FeedSubscription:
        """Report that locks on files changed."""
        return self._watch(listener, LOCKS)

    def watch_scripts(self, listener: Listener) -> FeedSubscription:
        """Report that some account's scripts changed."""
        return self._watch(listener, SCRIPTS)

    def watch_queue(self, listener: Listener) -> FeedSubscription:
        """Report that something was queued or settled."""
        return self._watch(listener, QUEUE)

    def watch_all(self, listener: Listener) -> FeedSubscription:
        """Report everything."""
        return self._watch(listener, ALL)

    def _watch(self, listener: Listener, *topics: Topic) -> FeedSubscription:
        subscription = FeedSubscription(self, listener, topics)
        for topic in topics:
            self._listeners.setdefault(topic, {})[subscription] = None
        return subscription

    def forget(self, subscription: FeedSubscription) -> None:
        """Drop a cancelled subscription."""
        for topic in subscription.topics:
            listeners = self._listeners.get(topic)
            if listeners is not None:
                listeners.pop(subscription, None)
                if not listeners:
                    del self._listeners[topic]

    def publish(self, changes: Iterable[Published]) -> None:
        """Call the listeners with changes, in their order."""
        self._publish(changes)

    def _publish(self, changes: Iterable[Published]) -> None:
        if not self._listeners:
            return
        self._waiting.extend(changes)
        if self._telling:
            return
        self._telling = True
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                for change in waiting:
                    if isinstance(change, MessageSpread):
                        self._tell_of_spread(change)
                    else:
                        self._tell(change)
        finally:
            self._telling = False

    def _tell_of_spread(self, spread: MessageSpread) -> None:
        listeners = self._listeners
        for place in spread.places:
            if ("folder", place[0]) in listeners or ALL in listeners:
                self._tell(spread.added(place))

    def _tell(self, change: Change) -> None:
        for topic in (*topics_of(change), ALL):
            listeners = self._listeners.get(topic)
            if listeners is None:
                continue
            for subscription in tuple(listeners):
                if not subscription.active:
                    continue
                try:
                    subscription.listener(change)
                except Exception:
                    self.log.failure("a listener failed on {change}", change=change)


def topics_of(change: Change) -> tuple[Topic, ...]:
    """Return whom a change concerns, besides those who hear everything."""
    match change:
        case (
            events.MessagesAdded() | events.FlagsChanged() | events.MessagesExpunged()
        ):  # by far the most
            return (("folder", change.folder),)
        case events.FolderCreated() | events.FolderDeleted() | events.FolderRenamed():
            owner = ACCOUNTS if change.owner is None else ("account", change.owner)
            return (("folder", change.folder), owner)
        case events.AccountChanged():
            return (("account", change.account), NAMES)
        case events.RightsChanged():  # whom they concern is known to who is told
            return (("folder", change.folder), ACCOUNTS)
        case events.AnnotationsChanged():
            if change.account is not None:
                return (("account", change.account),)
            return (ACCOUNTS,)
        case events.ScriptsChanged():
            return (("account", change.account), SCRIPTS)
        case events.AliasesChanged():
            return (NAMES,)
        case events.SubscriptionChanged():
            return (("account", change.account),)
        case events.FileChanged():
            return (FILES,)
        case events.FileLocksChanged():
            return (LOCKS,)
        case events.QueueChanged():
            return (QUEUE,)
