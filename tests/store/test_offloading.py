"""Large contents that go to an object store: read as ever, and nothing lost at any step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from netsuite.store.errors import Busy, NoSuchMessage, StoreError
from netsuite.store.model import Folder, Placement
from netsuite.store.query import Body
from netsuite.store.sql import SQLStore
from netsuite.store.sql.checking import check
from netsuite.store.sql.database import Database
from netsuite.store.sql.offloading import CLAIM_SECONDS
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor

LARGE = b"Subject: large\r\nMessage-ID: <large@x>\r\n\r\n" + b"needle " + b"x" * 700_000
SMALL = b"Subject: small\r\n\r\nneedle\r\n"


class DictionaryObjects:
    """An object store that is a dictionary, and can be made to fail."""

    place = "the dictionary"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.failure: StoreError | None = None
        self.asked: list[str] = []

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure

    def check(self) -> None:
        self._ask("check")

    def key_of(self, guid: str) -> str:
        return f"mail/{guid}"

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        self._ask(f"put {key}")
        self.objects[key] = b"".join(pieces)

    def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        self._ask(f"get {key}")
        if key not in self.objects:
            raise NoSuchMessage(key)
        return self.objects[key][start:stop]

    def drop(self, keys: Sequence[str]) -> None:
        self._ask("drop")
        for key in keys:
            self.objects.pop(key, None)

    def sizes(self) -> Iterator[tuple[str, int]]:
        yield from ((key, len(octets)) for key, octets in self.objects.items())


class Offloading(TestCase):
    """A store with a message of either size, on SQLite."""

    def new_url(self) -> str:
        return f"sqlite:///{Path(self.mktemp()).absolute()}"

    async def setUp(self) -> None:
        self.url = self.new_url()
        self.objects = DictionaryObjects()
        self.seconds = time.time()
        self.store = await self.opened()
        account = await self.store.accounts.add_account("ann", None)
        self.inbox = await self.store.mail.folder(account.id, "INBOX")
        self.group = await self.store.mail.create_folder(None, "misc.test")
        await self.deliver(LARGE, self.inbox)
        await self.deliver(SMALL, self.inbox)

    async def tearDown(self) -> None:
        self.objects.failure = None
        await self.store.close()

    async def opened(self, objects: DictionaryObjects | None = None) -> SQLStore:
        store = SQLStore(
            self.url,
            clock=reactor,
            threads=reactor,
            now=lambda: self.seconds,
            sweep_after_seconds=0,
            objects=objects or self.objects,
            objects_from_octets=1,
            objects_keep_seconds=1000,
        )
        await store.open()
        return store

    async def deliver(self, octets: bytes, folder: Folder) -> None:
        draft = self.store.mail.draft()
        waiting = draft.write(octets)
        if waiting is not None:
            await waiting
        await self.store.mail.commit(draft, [Placement(folder.id)])

    async def read_all(self) -> list[bytes]:
        found = await self.store.mail.messages(self.inbox.id, None, None)
        return [
            b"".join([piece async for piece in self.store.mail.read(each.content)])
            for each in found
        ]

    def chunks(self) -> int:
        with closing(Database(self.url).session()) as session:
            return int(session.once(sa.text("SELECT count(*) FROM chunk"))[0][0])

    async def test_it_goes_and_is_read(self) -> None:
        """A large content goes, a small one stays; both are read whole, in part and by search."""
        before = self.chunks()
        await self.store.tidy()
        self.assertEqual([LARGE], list(self.objects.objects.values()))
        self.assertLess(self.chunks(), before)
        self.assertEqual([LARGE, SMALL], await self.read_all())
        large, small = await self.store.mail.messages(self.inbox.id, None, None)
        self.assertEqual(LARGE, await self.store.mail.content(large.content))
        self.assertEqual(
            {large.content: LARGE, small.content: SMALL},
            await self.store.mail.contents([large.content, small.content]),
        )
        for start, stop in ((0, 5), (300_000, 300_001), (262_143, 524_289), (699_000, 10**9)):
            pieces = [p async for p in self.store.mail.read(large.content, start, stop)]
            self.assertEqual(LARGE[start:stop], b"".join(pieces))
            self.assertLessEqual(max(map(len, pieces)), 256 * 1024)
        found = await self.store.mail.search(self.inbox.id, Body("needle"), None)
        self.assertEqual([1, 2], list(found))

    async def test_what_is_made_of_it(self) -> None:
        """It is copied to a group, where its Message-ID is found, from the object store too."""
        await self.store.tidy()
        await self.store.mail.copy(self.inbox.id, [1], self.group.id, None)
        self.assertEqual(
            [(self.group.id, 1)], list(await self.store.mail.find_message_id("<large@x>"))
        )
        described = await self.store.mail.described(self.inbox.id, [1, 2], None)
        self.assertEqual([LARGE.index(b"needle")], [described[0].summary.root.body_start])

    async def test_it_cannot_be_reached(self) -> None:
        """What cannot go stays, and goes later; what has gone is not there for a while."""
        self.objects.failure = Busy("no route")
        with self.assertRaises(Busy):
            await self.store.tidy()
        self.assertEqual([LARGE, SMALL], await self.read_all())
        self.objects.failure = None
        self.seconds += CLAIM_SECONDS + 1
        await self.store.tidy()
        self.assertEqual([LARGE, SMALL], await self.read_all())
        self.objects.failure = Busy("no route")
        with self.assertRaises(Busy):
            await self.read_all()

    async def test_two_processes(self) -> None:
        """What one has claimed the other leaves, for a while; whoever comes last does no harm."""
        other = await self.opened()
        self.addCleanup(other.close)
        self.objects.failure = Busy("no route")
        with self.assertRaises(Busy):
            await self.store.tidy()
        self.objects.failure = None
        await other.tidy()
        self.assertEqual({}, self.objects.objects)
        self.seconds += CLAIM_SECONDS + 1
        await other.tidy()
        await self.store.tidy()
        self.assertEqual([LARGE], list(self.objects.objects.values()))
        self.assertEqual([LARGE, SMALL], await self.read_all())

    async def test_it_is_removed(self) -> None:
        """The object of a message that is gone is kept for a time, then it goes as well."""
        await self.store.tidy()
        await self.store.mail.expunge(self.inbox.id, None, deleted_only=False)
        self.seconds += 1
        await self.store.tidy()
        self.assertEqual(1, len(self.objects.objects))
        self.seconds += 1001
        await self.store.tidy()
        self.assertEqual({}, self.objects.objects)
        with closing(Database(self.url).session()) as session:
            self.assertEqual([], list(session.once(sa.text("SELECT * FROM moved"))))

    async def test_checked(self) -> None:
        """The check finds what the object store has lost, and nothing where all is there."""
        await self.store.tidy()
        database = Database(self.url, self.objects)
        self.assertEqual([], check(database, repair=False, now=self.seconds).found)
        (key,) = self.objects.objects
        self.objects.objects[key] = b"short"
        (finding,) = check(database, repair=False, now=self.seconds).found
        self.assertIn(f"object {key} has 5 of the {len(LARGE)} octets", finding.line)
        del self.objects.objects[key]
        (finding,) = check(database, repair=False, now=self.seconds).left
        self.assertIn("is not there", finding.line)

    async def test_nobody_asks_for_nothing(self) -> None:
        """Where there is nothing to do, nothing is written, nor asked of the object store."""
        await self.store.tidy()
        asked = len(self.objects.asked)
        sequence = self.changes()
        await self.store.tidy()
        self.assertEqual((asked, sequence), (len(self.objects.asked), self.changes()))

    def changes(self) -> list[tuple[str, int]]:
        with closing(Database(self.url).session()) as session:
            return [(r[0], r[1]) for r in session.once(sa.text("SELECT name, value FROM counter"))]

    async def test_not_named(self) -> None:
        """A store whose contents are elsewhere does not open without it, and says so."""
        await self.store.tidy()
        without = SQLStore(self.url, clock=reactor, threads=reactor)
        with self.assertRaises(StoreError) as raised:
            await without.open()
        self.assertIn("store.objects", str(raised.exception))
        self.objects.failure = StoreError("no such bucket")
        refused = SQLStore(self.url, clock=reactor, threads=reactor, objects=self.objects)
        with self.assertRaises(StoreError):
            await refused.open()


class OffloadingFromPostgreSQL(Offloading):
    """The same on PostgreSQL."""

    def new_url(self) -> str:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        return url
