"""The durable store does what the reference does, through long random histories."""

from __future__ import annotations

import random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from netsuite.store import query as q
from netsuite.store.errors import StoreError
from netsuite.store.interfaces import Store
from netsuite.store.memory import MemoryStore
from netsuite.store.model import FlagAction, Placement
from netsuite.store.rights import ALL
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from netsuite.testing.store_contract import CREATED, StoreCase
from tests.store.reactors import reactor

FLAGS = ("\\Seen", "\\Deleted", "\\Flagged", "$one", "$ONE", "$two")


def _close(store: SQLStore) -> Deferred[None]:
    return Deferred.fromCoroutine(store.close())


class SameHistory(StoreCase, TestCase):
    """One history on both stores, every answer compared."""

    async def make_store(self) -> Store:
        return MemoryStore(self.now)

    async def _world(self, store: Store) -> tuple[list[Any], list[Any]]:
        people = [await store.accounts.add_account(name, None) for name in ("alice", "bob")]
        await store.accounts.update_account(people[0].id, quota_messages=25)
        folders = [
            await store.mail.folder(people[0].id, "INBOX"),
            await store.mail.create_folder(people[0].id, "other"),
            await store.mail.folder(people[1].id, "INBOX"),
            await store.mail.create_folder(None, "public"),
        ]
        for folder in folders[:3]:  # each of them does things in all folders
            await store.rights.change(folder.id, "anyone", FlagAction.ADD, ALL)
        return [None, *(person.id for person in people)], [folder.id for folder in folders]

    async def _step(self, store: Store, world: Any, seed: int) -> object:
        """Do one thing that the seed chooses; return what came of it."""
        chance = random.Random(seed)
        accounts, folders = world
        mail, folder, target = store.mail, chance.choice(folders), chance.choice(folders)
        account = chance.choice(accounts)
        uids = chance.sample(range(1, 40), chance.randrange(12))
        flags = frozenset(chance.sample(FLAGS, chance.randrange(4)))
        kind = chance.randrange(8)
        try:
            if kind <= 1:
                draft = mail.draft()
                draft.write(b"Subject: %d\r\n\r\n%d\r\n" % (seed, seed * 7))
                where = [Placement(f, flags, None, account) for f in {folder: 0, target: 0}]
                return [placed.uid for placed in await mail.commit(draft, where)]
            if kind <= 3:
                stored = await mail.store_flags(
                    folder, uids, chance.choice(list(FlagAction)), flags, account,
                    unchanged_since=chance.choice([None, chance.randrange(40)]),
                    shared=chance.random() < 0.5,
                )  # fmt: skip
                return dict(stored.changed), stored.refused, stored.modseq
            if kind <= 5:
                put = mail.copy if kind == 4 else mail.move
                copied = await put(folder, uids[:4], target, account)
                return copied.sources, copied.uids
            if kind == 6:
                return list(await mail.expunge(folder, chance.choice([None, uids])))
            query = q.Or((q.HasFlag(chance.choice(FLAGS)), q.Text(str(chance.randrange(99)))))
            return list(await mail.search(folder, query, account))
        except StoreError as error:
            return type(error)

    async def _view(self, store: Store, world: Any) -> list[object]:
        """Return all that can be seen, without what two stores number differently."""
        view: list[object] = []
        for folder in world[1]:
            now = await store.mail.folder_by_id(folder)
            view.append((now.uid_next, now.highest_modseq, now.messages, now.octets))
            for account in world[0]:
                status = await store.mail.status(folder, account)
                view.append((status.unseen, status.deleted, status.deleted_octets,
                             status.first_unseen_uid))  # fmt: skip
                changed, vanished = await store.mail.changes_since(folder, 5, account)
                view.append(([m.uid for m in changed], list(vanished)))
                view += [
                    (m.uid, m.flags, m.modseq, m.octets, m.internal_date, m.saved)
                    for m in await store.mail.messages(folder, None, account)
                ]
        for account in world[0][1:]:
            view.append(await store.mail.usage(account))
        return view

    async def test_random_histories(self) -> None:
        """Every answer, every view and the whole feed are the same."""
        for start in (1000, 2000, 3000):
            clock = Clock()
            clock.advance(CREATED.timestamp())
            memory: Any = MemoryStore(self.now)
            sql: Any = SQLStore(f"sqlite:///{self.mktemp()}", clock=clock, threads=reactor)
            await sql.open()
            self.addCleanup(_close, sql)
            worlds = [await self._world(store) for store in (memory, sql)]
            told: list[list[Any]] = [[], []]
            memory.changes.watch_all(told[0].append)
            sql.changes.watch_all(told[1].append)
            for seed in range(start, start + 150):
                expected = await self._step(memory, worlds[0], seed)
                self.assertEqual(expected, await self._step(sql, worlds[1], seed), str(seed))
            self.assertEqual(await self._view(memory, worlds[0]), await self._view(sql, worlds[1]))
            shapes = [
                [(type(change), change.modseq, change.uids, change.flags if hasattr(change, "flags")
                  else None) for change in each]
                for each in told
            ]  # fmt: skip
            self.assertEqual(shapes[0], shapes[1])
