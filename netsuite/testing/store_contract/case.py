"""The test case that the contract builds on: a store, its clock, mail put in, what was told."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from netsuite.store.interfaces import Store
from netsuite.store.model import Account, AccountId, ContentId, Folder, FolderId, Placed, Placement
from netsuite.testing.cases import Assertions

X = TypeVar("X", bound=BaseException)

#: When the stores of the contract are made.
CREATED: Final = datetime(2024, 5, 17, 10, 30, tzinfo=UTC)


def message(subject: str = "Hello", body: str = "Hi there.", **fields: str) -> bytes:
    """Return a small message; ``From_=`` and the like add fields."""
    lines = [f"Subject: {subject}"]
    lines += [f"{name.rstrip('_').replace('_', '-')}: {value}" for name, value in fields.items()]
    return ("\r\n".join([*lines, "", body]) + "\r\n").encode()


class ContractCase(Assertions):
    """A test case that expects refusals."""

    async def refused(self, error: type[X], doing: Coroutine[Any, Any, object]) -> X:
        """Fail unless *doing* raises *error*; return that."""
        try:
            result = await doing
        except error as raised:
            return raised
        self.fail(f"{error.__name__} was not raised; the result was {result!r}")


class StoreCase(ContractCase):
    """A test case with an opened store in ``self.store``."""

    store: Store
    clock: Clock

    async def make_store(self) -> Store:
        """Make a store whose time is ``self.clock``; it will be opened and closed."""
        raise NotImplementedError

    async def catch_up(self) -> None:
        """Make the store finish what it does behind its callers; most have nothing."""

    def now(self) -> datetime:
        """The clock's time."""
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def setUp(self) -> Deferred[None]:
        """Open a store."""
        return Deferred.fromCoroutine(self._set_up())

    def tearDown(self) -> Deferred[None]:
        """Close it."""
        return Deferred.fromCoroutine(self.store.close())

    async def _set_up(self) -> None:
        self.clock = Clock()
        self.clock.advance(CREATED.timestamp())
        self.store = await self.make_store()
        await self.store.open()
        self.published: list[Any] = []
        self.store.changes.watch_all(self.published.append)

    # -- shorthand

    async def account(self, name: str = "alice") -> Account:
        """Make an account."""
        return await self.store.accounts.add_account(name, None)

    async def inbox(self, name: str = "alice") -> Folder:
        """Make an account; return its INBOX."""
        return await self.store.mail.folder((await self.account(name)).id, "INBOX")

    async def group(self, name: str = "comp.lang.test") -> Folder:
        """Make a public folder."""
        return await self.store.mail.create_folder(None, name)

    async def put(
        self,
        folder: Folder | FolderId,
        octets: bytes | None = None,
        flags: frozenset[str] | set[str] = frozenset(),
        *,
        date: datetime | None = None,
        account: AccountId | None = None,
    ) -> Placed:
        """Put a message into a folder."""
        where = folder.id if isinstance(folder, Folder) else folder
        placement = Placement(where, frozenset(flags), date, account)
        (placed,) = await self.put_all([placement], octets)
        return placed

    async def put_all(
        self, placements: list[Placement], octets: bytes | None = None
    ) -> list[Placed]:
        """Put a message into several folders."""
        draft = self.store.mail.draft()
        await written(draft, message() if octets is None else octets)
        return list(await self.store.mail.commit(draft, placements))

    async def whole(self, content: ContentId, start: int = 0, stop: int | None = None) -> bytes:
        """Read a content."""
        return b"".join([piece async for piece in self.store.mail.read(content, start, stop)])

    def published_of(self, kind: type) -> list[Any]:
        """Return what the feed told of one kind."""
        return [change for change in self.published if isinstance(change, kind)]


class Written(Protocol):
    """What takes octets in pieces: a draft, or an upload."""

    def write(self, octets: bytes) -> Awaitable[None] | None:
        """Append; None when more may come at once, else an awaitable to await first."""


async def written(draft: Written, octets: bytes, piece_octets: int = 64 * 1024) -> None:
    """Write a draft or an upload in pieces, waiting where it says so."""
    for start in range(0, len(octets), piece_octets):
        waiting = draft.write(octets[start : start + piece_octets])
        if waiting is not None:
            await waiting
