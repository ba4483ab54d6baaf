"""Changes of files by other programs, told as those of our own are.

Of what we do ourselves the kernel tells, too. By the time that our own word of a change is out, the
kernel's is in the queue: so the queue is read then, and what it says of that file is dropped.
Whatever another program has done to it before that, our word covers.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netsuite.store.changes import Change, ChangeFeed, FileChanged, Subscription
from netsuite.store.errors import StoreError
from netsuite.store.files import inotify
from netsuite.store.files.file_names import shown
from netsuite.store.files.inotify import Event, Inotify
from netsuite.store.files.openat import WORK, open_directory
from netsuite.store.files.thread_jobs import Jobs, RunInThread
from netsuite.store.tree import TreePath, name_of

#: So long what has happened waits for more of it, and for our own word of it from elsewhere.
GATHER_SECONDS: Final = 0.2
#: More files that changed meanwhile are not told one by one: then all of each tree may have.
MOST: Final = 1000
PUBLIC: Final = "public"
HOME: Final = "home"


class Reactor(Protocol):
    """What is needed of a reactor."""

    def callLater(self, delay: float, call: Callable[[], object], /) -> IDelayedCall:  # noqa: N802
        """Call later."""

    def addReader(self, reader: object, /) -> None:  # noqa: N802
        """Tell when there is something to read."""

    def removeReader(self, reader: object, /) -> None:  # noqa: N802
        """Tell no more."""


@dataclass(frozen=True, slots=True)
class WatchedTree:
    """A directory of the host whose files are watched.

    Args:
        head: where it appears: ``("public", ...)`` or ``("home", ACCOUNT, ...)``; ``("home",)``
            for all homes.
    """

    head: TreePath
    directory: Path


@dataclass(slots=True)
class _Watch:
    tree: WatchedTree
    names: tuple[bytes, ...]


@dataclass(slots=True)
class _Visit:
    """A directory that is to be watched, with those in it.

    Args:
        tell: whether what is found in it is news.
    """

    tree: WatchedTree
    names: tuple[bytes, ...]
    tell: bool

    @property
    def path(self) -> TreePath:
        return _path(self.tree, self.names)


def _path(tree: WatchedTree, names: Iterable[bytes]) -> TreePath:
    return (*tree.head, *map(name_of, names))


def _news(path: TreePath, *, gone: bool) -> FileChanged | None:
    if path[0] == PUBLIC:
        return FileChanged(PUBLIC, path[1:], gone)
    return FileChanged(f"{HOME}/{path[1]}", path[2:], gone) if len(path) > 1 else None


# Its length: one queue, and what each kind of event does to it.
@implementer(IReadDescriptor)
class FileWatcher:
    """Watches trees, as far as so many directories may be watched.

    Args:
        feed: tells of our own changes, and is told of others'.
        most: how many directories.
    """

    log = Logger()

    def __init__(
        self,
        trees: Sequence[WatchedTree],
        *,
        reactor: Reactor,
        run: RunInThread,
        feed: ChangeFeed,
        most: int,
    ) -> None:
        self._trees = trees
        self._reactor = reactor
        self._jobs = Jobs(run)
        self._feed = feed
        self._most = most
        self._inotify: Inotify | None = None
        self._subscription: Subscription | None = None
        self._watches: dict[int, _Watch] = {}
        self._numbers: dict[tuple[TreePath, tuple[bytes, ...]], int] = {}
        #: Directories to be watched, by their paths.
        self._visits: dict[TreePath, _Visit] = {}
        self._visiting = False
        #: What happened in directories that a thread has just begun to watch.
        self._unclaimed: list[Event] = []
        #: What is to be told, and whether it is gone.
        self._waiting: dict[TreePath, bool] = {}
        #: Directories among those that have gone, whatever has come in their place since.
        self._went: set[TreePath] = set()
        #: What was told by us, and what has gone, while a directory was visited.
        self._told: set[TreePath] = set()
        self._left: set[TreePath] = set()
        self._all_changed = False
        self._publishing = False
        self._is_full = False
        self._all_homes = False
        self._begun: Deferred[None] | None = None
        self._flushing: IDelayedCall | None = None
        #: Those who have homes that are watched.
        self._accounts: set[str] = set()

    # -- life ----------------------------------------------------------------------------------

    async def start(self, *, all_homes: bool = False) -> None:
        """Begin to watch all but homes, and those where they are not to wait for ``begin``.

        When it is done, the first of the trees is watched; directories follow in the background.
        """
        if not inotify.is_there():
            self.log.info("changes of files by other programs are not seen on this system")
            return
        try:
            self._inotify = Inotify()
        except OSError as error:
            self.log.warn("changes of files by other programs are not seen: {error}", error=error)
            return
        self._most = min(self._most, inotify.most_watches())
        self._all_homes = all_homes
        self._subscription = self._feed.watch_files(self._heard)
        self._reactor.addReader(self)
        begun: Deferred[None] = Deferred()
        self._begun = begun
        self._visit_all()
        await begun

    def _visit_all(self) -> None:
        for tree in self._trees:
            if self._all_homes or tree.head[0] == PUBLIC:
                self._visit(tree, (), tell=False)

    def begin(self, account: str) -> None:
        """Watch an account's home, too, from now on."""
        if self._inotify is None or self._all_homes or account in self._accounts:
            return
        self._accounts.add(account)
        for tree in self._trees:
            if tree.head == (HOME,):
                self._visit(tree, (os.fsencode(account),), tell=False)
            elif tree.head[:2] == (HOME, account):
                self._visit(tree, (), tell=False)

    async def stop(self) -> None:
        """Watch no more; what waits to be told is not."""
        if self._subscription is not None:
            self._subscription.cancel()
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        elif self._inotify is not None:
            self._reactor.removeReader(self)
        self._visits.clear()
        await self._jobs.close()
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    @property
    def watched(self) -> int:
        """How many directories are watched."""
        return len(self._watches)

    # -- events --------------------------------------------------------------------------------

    def fileno(self) -> int:
        """The queue's descriptor (IReadDescriptor)."""
        return -1 if self._inotify is None else self._inotify.descriptor

    def logPrefix(self) -> str:  # noqa: N802 - Twisted's name
        """What the log calls it."""
        return "files"

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802 - Twisted's name
        """Do nothing: the queue does not end."""

    def doRead(self) -> None:  # noqa: N802 - Twisted's name
        """Something has happened: look at it in a moment, with what follows it."""
        self._flush_later()

    def _flush_later(self) -> None:
        if self._flushing is None:
            self._reactor.removeReader(self)
            self._flushing = self._reactor.callLater(GATHER_SECONDS, self._flush)

    def _flush(self) -> None:
        """Tell what has happened and was not told by ourselves."""
        self._read()
        self._flushing = None
        self._reactor.addReader(self)
        waiting, self._waiting = self._waiting, {}
        if self._all_changed:
            self._all_changed = False
            heads = {(PUBLIC,), *((HOME, account) for account in self._accounts)}
            heads |= {
                path[:2]
                for watch in self._watches.values()
                if (path := _path(watch.tree, watch.names))[0] == HOME
            }
            waiting = dict.fromkeys(sorted(heads), False)
        news = []
        for path, gone in waiting.items():
            if path in self._went and not gone:
                news.append(_news(path, gone=True))
            news.append(_news(path, gone=gone))
        self._went.clear()
        self._publishing = True
        try:
            self._feed.publish([each for each in news if each is not None])
        finally:
            self._publishing = False

    def _heard(self, change: Change) -> None:
        """Drop what the kernel says of a change that was told by ourselves."""
        if self._publishing or not isinstance(change, FileChanged):
            return
        self._read()
        path = (*change.root.split("/", 1), *change.path)
        self._waiting.pop(path, None)
        if path in self._visits:
            self._visits[path].tell = False
        if self._visiting:
            self._told.add(path)

    def _read(self) -> None:
        if self._inotify is None:
            return
        for event in self._inotify.read():
            self._take(event)
        if len(self._waiting) > MOST:
            self._all_changed = True
            self._waiting.clear()
        if self._waiting or self._all_changed:
            self._flush_later()

    def _take(self, event: Event) -> None:
        if event.mask & inotify.OVERFLOW:
            self._overflowed()
            return
        watch = self._watches.get(event.watch)
        if watch is None:
            if self._visiting:
                self._unclaimed.append(event)
            return
        if event.mask & inotify.IGNORED:
            self._forget(event.watch)
            return
        if not event.name or shown(event.name) is None:
            return
        names = (*watch.names, event.name)
        gone = bool(event.mask & (inotify.DELETE | inotify.MOVED_FROM))
        path = _path(watch.tree, names)
        self._waiting.pop(path, None)  # in the order of the last that happened
        self._waiting[path] = gone
        if event.mask & inotify.IS_DIRECTORY:
            if gone:
                self._went.add(path)
                self._leave(watch.tree, names)
            elif event.mask & (inotify.CREATE | inotify.MOVED_TO):
                self._visit(watch.tree, names, tell=True)

    def _overflowed(self) -> None:
        """Events were lost: all may have changed, and there may be any directories."""
        self.log.info("more changed in the files than could be told one by one")
        self._all_changed = True
        self._visit_all()
        accounts, self._accounts = self._accounts, set()
        for account in accounts:
            self.begin(account)

    # -- directories ---------------------------------------------------------------------------

    def _forget(self, number: int) -> None:
        watch = self._watches.pop(number, None)
        if watch is not None:
            self._numbers.pop((watch.tree.head, watch.names), None)

    def _leave(self, tree: WatchedTree, names: tuple[bytes, ...]) -> None:
        """Watch a directory that has gone from here no more, nor those in it."""
        depth = len(names)
        for number, watch in tuple(self._watches.items()):
            if watch.tree is tree and watch.names[:depth] == names:
                self._forget(number)
                if self._inotify is not None:
                    self._inotify.remove(number)
        path = _path(tree, names)
        if self._visiting:
            self._left.add(path)
        for each in [each for each in self._visits if each[: len(path)] == path]:
            del self._visits[each]

    def _visit(self, tree: WatchedTree, names: tuple[bytes, ...], *, tell: bool) -> None:
        visit = _Visit(tree, names, tell)
        self._visits[visit.path] = visit
        if not self._visiting:
            self._visiting = True
            ensureDeferred(self._go_on()).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._visiting = False
        self._has_begun()
        if not failure.check(StoreError):  # which is that it was closed
            self.log.failure("watching files", failure)

    async def _go_on(self) -> None:
        """Begin to watch what is waiting for that, one directory at a time."""
        while self._visits:
            visit = self._visits.pop(next(iter(self._visits)))
            if len(self._watches) >= self._most:
                self._full(f"files.watched_directories or the system allows {self._most}")
                self._visits.clear()
                break
            self._left.clear()
            found = await self._jobs.do(self._look, visit)
            if found is not None:
                self._claim(visit, *found)
            elif not self._most:
                self._full("the system allows no more (fs.inotify.max_user_watches)")
            elif visit.path[:1] == (HOME,) and len(visit.path) == 2:
                self._accounts.discard(visit.path[1])  # it may be made later
            self._has_begun()
        self._has_begun()
        self._visiting = False
        self._unclaimed.clear()
        self._told.clear()

    def _has_begun(self) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.callback(None)

    def _full(self, why: str) -> None:
        if not self._is_full:
            self._is_full = True
            self.log.warn(
                "not all directories are watched: {why}; changes by other programs in the others "
                "are not told",
                why=why,
            )

    def _look(self, visit: _Visit) -> tuple[int, list[tuple[bytes, bool]]] | None:
        """In a thread: watch a directory, then see what is in it; None where that cannot be."""
        assert self._inotify is not None
        root = -1
        try:
            root = os.open(visit.tree.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            where = open_directory(root, visit.names, WORK)
        except (OSError, StoreError):  # it has gone, or is not ours to read
            return None
        finally:
            if root >= 0:
                os.close(root)
        try:
            number = self._inotify.add(where)
            with os.scandir(where) as entries:
                return number, [
                    (os.fsencode(each.name), each.is_dir(follow_symlinks=False)) for each in entries
                ]
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self._most = 0  # until the next start
            return None
        finally:
            os.close(where)

    def _claim(self, visit: _Visit, number: int, found: list[tuple[bytes, bool]]) -> None:
        """Take a directory that is watched by now."""
        here = visit.path
        if self._inotify is not None and any(here[: len(each)] == each for each in self._left):
            self._inotify.remove(number)
            return
        self._watches[number] = _Watch(visit.tree, visit.names)
        self._numbers[visit.tree.head, visit.names] = number
        tell = visit.tell and here not in self._told
        for name, is_directory in found:
            path = _path(visit.tree, (*visit.names, name))
            if shown(name) is None:
                continue
            if is_directory:
                self._visits[path] = _Visit(visit.tree, (*visit.names, name), tell)
            if tell and path not in self._told:
                self._waiting[path] = False
        unclaimed, self._unclaimed = self._unclaimed, []
        for event in unclaimed:
            self._take(event)
        if self._waiting:
            self._flush_later()
