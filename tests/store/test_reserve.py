"""The reserve of disk: what grows leaves it alone, what removes may have it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs

from netsuite.store.errors import StorageFull
from netsuite.store.interfaces import Store
from netsuite.store.model import Folder
from netsuite.store.sql import SQLStore
from netsuite.store.sql.reserve import Reserve
from netsuite.testing.cases import SynchronousTestCase, TestCase
from netsuite.testing.store_contract import StoreCase
from tests.store.reactors import reactor

OCTETS = 1 << 20


class Disk:
    """What a disk says of itself, as a test wants it."""

    f_frsize = 4096
    f_bavail = 1 << 20


class OneReserve(SynchronousTestCase):
    """The file."""

    def setUp(self) -> None:
        self.path = os.path.abspath(self.mktemp())
        self.file = Path(f"{self.path}-reserve")
        self.disk = Disk()
        self.patch(os, "statvfs", lambda path: self.disk)
        self.reserve = Reserve(self.path, OCTETS)

    def test_made_and_given_up(self) -> None:
        """It takes its octets of the disk, and gives them back once."""
        self.assertFalse(self.reserve.give_up())
        self.reserve.make()
        self.assertEqual(OCTETS, self.file.stat().st_size)
        self.assertGreaterEqual(self.file.stat().st_blocks * 512, OCTETS)
        self.assertEqual(0o600, self.file.stat().st_mode & 0o777)
        self.assertTrue(self.reserve.give_up())
        self.assertFalse(self.reserve.give_up())

    def test_room(self) -> None:
        """There is room while as much as it is free besides; it is made whole from twice that."""
        self.disk.f_bavail = OCTETS // 4096 - 1
        self.assertFalse(self.reserve.is_free())
        self.disk.f_bavail += 1
        self.assertTrue(self.reserve.is_free())
        self.assertFalse(self.file.exists())
        self.disk.f_bavail *= 2
        self.assertTrue(self.reserve.is_free())
        self.assertEqual(OCTETS, self.file.stat().st_size)

    def test_none(self) -> None:
        """Nothing is kept where nothing is wanted."""
        none = Reserve(self.path, 0)
        none.make()
        self.disk.f_bavail = 0
        self.assertTrue(none.is_free())
        self.assertFalse(self.file.exists())


class FullStore(StoreCase, TestCase):
    """A store whose disk says that it is full."""

    async def make_store(self) -> Store:
        self.path = os.path.abspath(self.mktemp())
        self.disk = Disk()
        self.patch(os, "statvfs", lambda path: self.disk)
        self.sql = SQLStore(
            f"sqlite:///{self.path}", clock=self.clock, threads=reactor, reserve_octets=OCTETS
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(self.sql.close()))
        return self.sql

    async def test_additions_are_refused_alone(self) -> None:
        """Of what comes together only what grows is refused; what was removed makes room."""
        inbox = await self.inbox()
        for number in range(9):
            await self.put(inbox, b"Subject: x\r\n\r\n".ljust(200_000 + number, b"x"))
        self.disk.f_bavail = 0
        refused: list[Any] = []

        async def add() -> None:
            try:
                await self.put(inbox, b"Subject: y\r\n\r\n")
            except StorageFull as error:
                refused.append(error)

        with capturedLogs():
            adding = Deferred.fromCoroutine(add())
            removing = Deferred.fromCoroutine(
                self.store.mail.expunge(inbox.id, range(1, 9), deleted_only=False)
            )
            await adding
            await removing
            self.assertEqual(1, len(refused))
            self.assertEqual([9], list(await self.store.mail.uids(inbox.id)))
            self.assertTrue(self.sql._shared.writer.is_full)
            await self.until_taken(inbox)
        self.assertFalse(self.sql._shared.writer.is_full)

    async def until_taken(self, inbox: Folder) -> None:
        """Add a message as soon as what was removed has made room for it, behind deliveries."""
        for _ in range(200):
            self.clock.advance(0.5)
            await deferLater(reactor, 0.01)
            with contextlib.suppress(StorageFull):
                await self.put(inbox, b"Subject: z\r\n\r\n")
                return
        self.fail("nothing was taken again")
