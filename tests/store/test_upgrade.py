"""A store of the first release, with what was in it, and a release that is too old for a store."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command

from netsuite import __version__
from netsuite.store.errors import StoreError
from netsuite.store.sql import SQLStore
from netsuite.store.sql.checking import check
from netsuite.store.sql.database import Database
from netsuite.store.sql.migrate import configuration, newest_revision, revision_of
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor

MAIL = b"Message-ID: <one@x>\r\nSubject: hello\r\n\r\nOld mail.\r\n"
NEWS = b"Message-ID: <news@x>\r\nNewsgroups: misc.test\r\n\r\nOld news.\r\n"
QUEUED = b"Subject: out\r\n\r\nTo the world.\r\n"
#: When it was written: seconds since 1970, and by 10^-6 of them what has finer times.
THEN = 1_790_000_000
MICRO = THEN * 10**6
VERIFIERS = (
    '{"argon2": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA", "scram": {}, "cram_md5": null}'
)


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return what the first release had written, by table."""
    contents = {1: MAIL, 2: NEWS, 3: QUEUED}
    folder = {"special_use": None, "created_at": MICRO, "recent_from": 1}
    message = {"date": THEN, "zone": 60, "saved": THEN}
    queued = {
        "content": 3, "octets": len(QUEUED), "sender": "ann@example.org", "sender_parameters": "{}",
        "account": 1, "parameters": "{}", "attempts": 0, "queued_at": THEN, "next_at": THEN,
    }  # fmt: skip
    return {
        "account": [
            {"id": 1, "name": "ann", "state": "active", "display_name": "Ann Example",
             "groups": '["admin"]', "verifiers": VERIFIERS, "octets": len(MAIL), "messages": 1},
        ],
        "alias": [{"name": "info", "targets": '["ann", "bob@elsewhere.example"]'}],
        "app_password": [
            {"id": 1, "account": 1, "label": "phone", "verifiers": VERIFIERS, "created_at": THEN},
        ],
        "folder": [
            {"id": 1, "owner": 1, "name": "INBOX", "kind": "mailbox", "uid_next": 8,
             "uid_validity": THEN, "highest_modseq": 4, "messages": 1, "octets": len(MAIL),
             **folder},
            {"id": 2, "owner": 0, "name": "misc.test", "kind": "group", "uid_next": 3,
             "uid_validity": THEN + 1, "highest_modseq": 2, "messages": 1, "octets": len(NEWS),
             **folder},
        ],
        "content": [
            {"id": number, "guid": f"{number:032x}", "octets": len(octets),
             "refs": 2 if number == 3 else 1}
            for number, octets in contents.items()
        ],
        "chunk": [{"id": number << 13, "data": octets} for number, octets in contents.items()],
        "message": [
            {"folder": 1, "uid": 7, "content": 1, "octets": len(MAIL), "modseq": 3, "flags": 1,
             "keywords": "work", **message},
            {"folder": 2, "uid": 2, "content": 2, "octets": len(NEWS), "modseq": 2, "flags": 0,
             **message},
        ],
        "pending": [{"content": number} for number in (1, 2)],
        "tombstone": [{"folder": 1, "modseq": 4, "uid": 6}],
        "subscription": [{"account": 1, "name": "INBOX"}],
        "queue": [
            {"id": number, "recipient": to, "state": state, "last_reply": reply, **queued}
            for number, to, state, reply in (
                (1, "x@there.example", "waiting", ""), (2, "y@there.example", "held", "451 later"),
            )
        ],
        "counter": [
            {"name": name, "value": value}
            for name, value in (
                ("account", 1), ("app_password", 1), ("folder", 2), ("content", 3), ("queue", 2),
            )
        ],
    }  # fmt: skip


def first_release(url: str) -> None:
    """Make the database as the first release made and filled it."""
    config = configuration()
    engine = Database(url).engine
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    reflected = sa.MetaData()
    reflected.reflect(engine, resolve_fks=False, only=list(rows()))
    with engine.begin() as connection:
        for table, values in rows().items():
            for each in values:
                connection.execute(reflected.tables[table].insert().values(**each))
    engine.dispose()


class Upgrade(TestCase):
    """From the first release to this one, in one start."""

    async def upgraded(self, url: str) -> None:
        """Check that all there was is there, and that it can be gone on with."""
        first_release(url)
        self.assertEqual("0001", revision_of(Database(url)))
        store = SQLStore(url, clock=reactor, threads=reactor)
        await store.open()
        try:
            self.assertEqual(newest_revision(), revision_of(Database(url)))
            ann = await store.accounts.account("ann")
            self.assertEqual("Ann Example", ann.display_name)
            self.assertEqual(len(MAIL), (await store.mail.usage(ann.id)).octets)
            self.assertEqual(("ann", "bob@elsewhere.example"), await store.accounts.alias("info"))
            (phone,) = await store.accounts.app_passwords(ann.id)
            self.assertEqual("phone", phone.label)
            self.assertEqual({"INBOX"}, await store.mail.subscriptions(ann.id))
            verifiers = await store.accounts.verifiers(ann.id)
            assert verifiers is not None
            self.assertIn("argon2id", verifiers.argon2 or "")
            inbox = await store.mail.folder(ann.id, "INBOX")
            self.assertEqual((THEN, 8), (inbox.uid_validity, inbox.uid_next))
            self.assertEqual([7], list(await store.mail.uids(inbox.id)))
            (message,) = await store.mail.messages(inbox.id, None, ann.id)
            self.assertEqual(MAIL, await store.mail.content(message.content))
            self.assertEqual({"\\Seen", "work"}, set(message.flags))
            found = await store.mail.find_message_ids(["<news@x>", "<one@x>"])
            self.assertEqual({"<news@x>": [(2, 2)]}, {k: list(v) for k, v in found.items()})
            items = await store.queue.items()
            self.assertEqual(
                [("x@there.example", False), ("y@there.example", True)],
                [(item.recipient.address, item.held) for item in items],
            )
            self.assertEqual(QUEUED, await store.mail.content(items[0].content))
            bob = await store.accounts.add_account("bob", None)
            self.assertEqual(2, bob.id)
        finally:
            await store.close()
        self.assertEqual(
            [], [each.line for each in check(Database(url), repair=False, now=THEN).found]
        )

    async def test_sqlite(self) -> None:
        """On SQLite."""
        await self.upgraded(f"sqlite:///{self.mktemp()}")

    async def test_postgresql(self) -> None:
        """On PostgreSQL."""
        url = fresh_database(empty=True)
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        await self.upgraded(url)

    async def test_downgrade(self) -> None:
        """A store of a later schema is refused by an earlier program, which says both."""
        url = f"sqlite:///{self.mktemp()}"
        first_release(url)
        with Database(url).engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        store = SQLStore(url, clock=reactor, threads=reactor)
        with self.assertRaises(StoreError) as caught:
            await store.open()
        said = str(caught.exception)
        for word in ("newer version", "9999", newest_revision(), __version__, "backup"):
            self.assertIn(word, said)
        self.assertEqual("9999", revision_of(Database(url)))
