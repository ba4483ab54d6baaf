"""Arrivals: those who asked are told of mail that was delivered, articles posted, files uploaded.

They are told when it is durable, and after its sender has been told so; what they do holds nobody
up, and what goes wrong in it is in the log. A process that is killed in between tells nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from inspect import isawaitable
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from netsuite.store.changes import Change, FileChanged, Subscription
from netsuite.store.errors import NoSuchMessage, TooLarge
from netsuite.store.interfaces import Store
from netsuite.store.model import ContentId, Placed
from netsuite.store.tree import Entry, FileHomes, FileTree, OpenFile, TreePath

#: The largest message, article or file that is read in one go, unless more is asked for.
READ_OCTETS: Final = 16 * 1024 * 1024
#: Time for those who are being told when the site stops.
CLOSE_SECONDS: Final = 10.0
#: So many arrivals one listener is told of at once; the others wait for their turn.
TOLD_AT_ONCE: Final = 16
#: So many may wait; it is not told of more.
WAITING: Final = 10_000


@dataclass(frozen=True, slots=True)
class MailEnvelope:
    """The envelope of a message that was delivered here (RFC 5321, 2.3.1).

    Args:
        sender: the reverse path; empty for the null path of bounces.
        recipients: the addresses, as RCPT had them, of all in this transaction; of what has
            waited in the queue, the mailbox; of a report, whom it tells.
        account: who submitted it, after a login; None where nobody has logged in, or who had is
            gone.
        places: where it is, folder by folder.
    """

    sender: str
    recipients: tuple[str, ...]
    account: str | None
    places: tuple[Placed, ...]


class ArrivedMessage:
    """A message or an article in the store.

    Args:
        places: where it is; it is read from the first.
    """

    def __init__(self, store: Store, places: Sequence[Placed]) -> None:
        self._store = store
        self._place = places[0]
        self._content: ContentId | None = None

    async def _id(self) -> ContentId:
        if self._content is None:
            place = self._place
            found = await self._store.mail.messages(place.folder, [place.uid], None)
            if not found:
                raise NoSuchMessage(f"UID {place.uid}")
            self._content = found[0].content
        return self._content

    async def chunks(self) -> AsyncIterator[bytes]:
        """Return its octets, piece by piece. Raises NoSuchMessage where it is gone by now."""
        async for octets in self._store.mail.read(await self._id()):
            yield octets

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """Return its octets. Raises NoSuchMessage where it is gone by now, TooLarge."""
        pieces = []
        octets = 0
        async for piece in self.chunks():
            octets += len(piece)
            if octets > limit_octets:
                raise TooLarge(f"more than {limit_octets} octets")
            pieces.append(piece)
        return b"".join(pieces)

    async def email(self, limit_octets: int = READ_OCTETS) -> EmailMessage:
        """Return it as the standard library has messages. Raises as ``read``."""
        # The policy decides the class: with this one it is EmailMessage.
        return message_from_bytes(await self.read(limit_octets), policy=policy.default)


@dataclass(frozen=True, slots=True)
class ArrivedArticle:
    """An article that was posted.

    Args:
        message_id: with its angle brackets.
        newsgroups: the names of those it is in.
        message: its octets.
    """

    message_id: str
    newsgroups: tuple[str, ...]
    message: ArrivedMessage


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """A file that was uploaded, by whichever protocol.

    Args:
        account: whose home it is in; None for the public site.
        path: the names below that.
        tree: the tree of that.
        by: the account that uploaded it; None where nobody had logged in.
        protocol: by which it came: ``"ftp"``, ``"http"``; empty where it is not known.
        entry: as it was when it was done; None where it is not known.
    """

    account: str | None
    path: TreePath
    tree: FileTree
    by: str | None = None
    protocol: str = ""
    entry: Entry | None = None

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    async def open(self) -> OpenFile:
        """Open it; the caller closes it. Raises NoSuchFile where it is gone by now."""
        return await self.tree.open(self.path)

    async def read(self, limit_octets: int = READ_OCTETS) -> bytes:
        """Return its octets. Raises NoSuchFile where it is gone by now, TooLarge."""
        file = await self.open()
        try:
            if file.entry.octets > limit_octets:
                raise TooLarge(f"more than {limit_octets} octets")
            pieces: list[bytes] = []
            read = 0
            while piece := await file.read(read, limit_octets - read):
                pieces.append(piece)
                read += len(piece)
            return b"".join(pieces)
        finally:
            file.close()


#: Plain, or ``async``; what else they return is nobody's concern.
MailListener: TypeAlias = Callable[[MailEnvelope, ArrivedMessage], object]
ArticleListener: TypeAlias = Callable[[ArrivedArticle], object]
FileListener: TypeAlias = Callable[[ArrivedFile], object]


class Arrivals:
    """Those who are told, and of what; the lists may be added to at any time.

    Args:
        files: where uploads are read from.
        clock: they are told in its next turn, when the sender has been answered.
    """

    log = Logger()

    def __init__(self, store: Store, files: FileHomes, clock: IReactorTime) -> None:
        self.mail: list[MailListener] = []
        self.articles: list[ArticleListener] = []
        self.files: list[FileListener] = []
        self._store = store
        self._homes = files
        self._clock = clock
        self._telling: set[Deferred[None]] = set()
        self._turns: dict[object, DeferredSemaphore] = {}
        self._committing: Counter[tuple[str | None, TreePath]] = Counter()
        self._quiet: Deferred[None] | None = None  # fired when nobody is being told any more
        self._subscription: Subscription | None = None
        self.open()

    def open(self) -> None:
        """Watch files, again after ``close``."""
        if self._subscription is None:
            self._subscription = self._store.changes.watch_files(self._file_changed)

    def mail_delivered(
        self,
        sender: str,
        recipients: Sequence[str],
        account: str | None,
        places: Sequence[Placed],
    ) -> None:
        """Report a message that is in folders by now."""
        if self.mail and places:
            envelope = MailEnvelope(sender, tuple(recipients), account, tuple(places))
            message = ArrivedMessage(self._store, places)
            for listener in self.mail:
                self._tell(listener, envelope, message)

    def article_posted(
        self, message_id: str, newsgroups: Sequence[str], places: Sequence[Placed]
    ) -> None:
        """Report an article that is in its groups by now."""
        if self.articles and places:
            message = ArrivedMessage(self._store, places)
            for listener in self.articles:
                self._tell(listener, ArrivedArticle(message_id, tuple(newsgroups), message))

    async def file_committed(self, commit: Awaitable[Entry], file: ArrivedFile) -> Entry:
        """Await the commit of an upload, and report the file with what is known of it."""
        key = file.account, file.path
        self._committing[key] += 1
        try:
            entry = await commit
        finally:
            self._committing[key] -= 1
            if not self._committing[key]:
                del self._committing[key]
        for listener in self.files:
            self._tell(listener, replace(file, entry=entry))
        return entry

    def _file_changed(self, change: Change) -> None:
        """Report what was uploaded, but by ``file_committed``, where less is known of it."""
        if self.files and isinstance(change, FileChanged) and change.uploaded:
            account = change.root.partition("/")[2] or None
            if (account, change.path) not in self._committing:
                self._tell(self._file_uploaded, account, change.path)

    async def _file_uploaded(self, account: str | None, path: TreePath) -> None:
        tree = self._homes.public if account is None else await self._homes.home(account)
        for listener in self.files:
            self._tell(listener, ArrivedFile(account, path, tree))

    def _tell(self, listener: Callable[..., object], *what: object) -> None:
        turns = self._turns.setdefault(listener, DeferredSemaphore(TOLD_AT_ONCE))
        if len(turns.waiting) >= WAITING:
            self.log.error("{listener} is too slow: it is not told of all", listener=listener)
            return
        telling: Deferred[None] = deferLater(self._clock, 0)
        telling.addCallback(lambda _: turns.run(_told, listener, what))
        self._telling.add(telling)

        def over(result: None | Failure) -> None:
            self._telling.discard(telling)
            if self._quiet is not None and not self._telling:
                self._quiet.callback(None)
            if isinstance(result, Failure):
                self.log.failure("telling {listener} of an arrival", result, listener=listener)

        telling.addBoth(over)

    async def close(self) -> None:
        """Watch files no longer, and let those who are being told end, in time; those who then
        are not, also after they were cancelled, are left to themselves."""
        if self._subscription is not None:
            self._subscription.cancel()
            self._subscription = None
        if self._telling:
            quiet = self._quiet = Deferred()
            await quiet.addTimeout(CLOSE_SECONDS, self._clock, lambda result, seconds: None)
            self._quiet = None
        for telling in tuple(self._telling):
            telling.cancel()


async def _told(listener: Callable[..., object], what: Sequence[object]) -> None:
    told = listener(*what)
    if isawaitable(told):
        await told
