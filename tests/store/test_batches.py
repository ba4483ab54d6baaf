"""Many deliveries in one transaction: each message is stored once and whole."""

from __future__ import annotations

import os
import sqlite3

import sqlalchemy as sa
from twisted.internet.defer import Deferred, gatherResults

from netsuite.store.interfaces import Store
from netsuite.store.model import Placement
from netsuite.store.sql import SQLStore, schema
from netsuite.store.sql.database import ROWS_AT_ONCE, Database
from netsuite.store.sql.delivery import ChunkWrite, SQLDraft
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.store_contract import StoreCase
from tests.store.reactors import reactor

# Not a power of two, more than one step takes, and with a remainder of several bits.
MANY = 2 * ROWS_AT_ONCE + 11
#: What SQLite's pragma "synchronous" says.
_NORMAL, _FULL = 1, 2


class Batches(StoreCase, TestCase):
    """A store on an SQLite file, given more at once than one step of a statement takes."""

    async def make_store(self) -> Store:
        self.path = os.path.abspath(self.mktemp())
        self.sql = SQLStore(f"sqlite:///{self.path}", clock=self.clock, threads=reactor)
        return self.sql

    async def test_more_than_one_step(self) -> None:
        """Of many messages accepted together none is lost, doubled or mixed with another."""
        box = await self.inbox()
        coming = []
        for number in range(MANY):
            draft = self.store.mail.draft()
            draft.write(b"Subject: %d\r\n\r\n" % number + b"x" * number)
            coming.append(
                Deferred.fromCoroutine(self.store.mail.commit(draft, [Placement(box.id)]))
            )
        placed = await gatherResults(coming)
        self.assertEqual(sorted(p[0].uid for p in placed), list(range(1, MANY + 1)))
        messages = await self.store.mail.messages(box.id, None, None)
        self.assertEqual(len({message.guid for message in messages}), MANY)
        by_uid = {message.uid: message for message in messages}
        for number, (place,) in enumerate(placed):
            octets = await self.whole(by_uid[place.uid].content)
            self.assertEqual(octets, b"Subject: %d\r\n\r\n" % number + b"x" * number)

    async def test_one_turn_is_one_commit(self) -> None:
        """What arrives together shares one fsync: nobody waits for another's commit first."""
        box = await self.inbox()
        before = self.transactions()
        await gatherResults(
            [Deferred.fromCoroutine(self.put(box, b"Subject: x\r\n\r\n")) for _ in range(MANY)]
        )
        self.assertEqual(1, self.transactions() - before)

    async def test_what_is_promised_waits_for_the_disk(self) -> None:
        """Parts of a large message do not wait for the disk one by one; the commit that accepts
        it does, and whatever comes next as well."""
        box = await self.inbox()
        session = self.sql._shared.writer._commits._session
        assert session is not None
        draft = self.store.mail.draft()
        assert isinstance(draft, SQLDraft)
        draft.write(b"x" * (4 * schema.CHUNK_OCTETS))
        await self.sql._shared.writer.submit(ChunkWrite(draft, draft.chunks, b"x"))
        self.assertEqual(_NORMAL, session.pragma("synchronous"))
        draft.chunks += 1
        await self.store.mail.commit(draft, [Placement(box.id)])
        self.assertEqual(_FULL, session.pragma("synchronous"))
        await self.put(box)
        self.assertEqual(_FULL, session.pragma("synchronous"))

    async def test_closing_takes_what_was_just_given(self) -> None:
        """What was given in the very turn in which the store is closed is stored all the same."""
        box = await self.inbox()
        given = Deferred.fromCoroutine(self.put(box, b"Subject: x\r\n\r\n"))
        await self.store.close()
        self.assertEqual(1, (await given).uid)

    def transactions(self) -> int:
        """Look into the file: how many transactions changed something."""
        connection = sqlite3.connect(self.path)
        try:
            (row,) = connection.execute("SELECT value FROM counter WHERE name = 'change'")
            return int(row[0])
        finally:
            connection.close()


class RowsAtOnce(SynchronousTestCase):
    """Inserting on a connection."""

    def test_every_number_of_rows(self) -> None:
        """So many rows as were given are there, once each, in their order."""
        database = Database(f"sqlite:///{os.path.abspath(self.mktemp())}")
        schema.metadata.create_all(database.engine)
        session = database.session()
        self.addCleanup(session.close)
        first = 1
        for count in (0, 1, 2, 3, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, MANY):
            rows = [(number, b"%d" % number) for number in range(first, first + count)]
            session.insert(_INSERT, rows)
            first += count
        kept = session.all(_ALL)
        self.assertEqual(kept, [(number, b"%d" % number) for number in range(1, first)])


_INSERT = sa.insert(schema.chunk)
_ALL = sa.select(schema.chunk.c.id, schema.chunk.c.data).order_by(schema.chunk.c.id.asc())
