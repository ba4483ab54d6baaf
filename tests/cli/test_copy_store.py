"""``netsuite copy-store``: from SQLite to PostgreSQL and back nothing has changed."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from netsuite.cli.tables import copy_tables
from netsuite.store.errors import StoreError
from netsuite.store.model import FlagAction, Placement
from netsuite.store.outgoing import Envelope, Outgoing, QueueRecipient
from netsuite.store.query import Text
from netsuite.store.sql import SQLStore
from netsuite.store.sql import schema as t
from netsuite.store.sql.database import Database
from netsuite.testing.cases import SkipTest, TestCase
from tests.cli.commands import done, refused
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows; where messages wait to be filed is the store's own affair."""
    with closing(Database(url).session()) as session:
        found: dict[str, list[tuple[object, ...]]] = {
            table.name: sorted(map(tuple, session.once(sa.select(*table.columns))), key=repr)
            for table in t.metadata.sorted_tables
        }
    found["message"] = sorted([*found["message"], *found.pop("arrival")], key=repr)
    return found


async def fill(url: str) -> None:
    """Put something of everything into a store."""
    store = SQLStore(url, clock=reactor, threads=reactor)
    await store.open()
    owners = [(await store.accounts.add_account(f"a{number}", None)).id for number in range(10)]
    inboxes = [(await store.mail.folder(owner, "INBOX")).id for owner in owners]
    group = await store.mail.create_folder(None, "Public")

    async def put(octets: bytes, *folders: int, onward: Outgoing | None = None) -> None:
        draft = store.mail.draft()
        waiting = draft.write(octets)
        if waiting is not None:
            await waiting
        places = [Placement(each, frozenset({"work"})) for each in inboxes if each in folders]
        places += [Placement(group.id)] if group.id in folders else []
        await store.mail.commit(draft, places, onward=onward)

    await put(b"Subject: to all\r\n\r\nhi\r\n", *inboxes)  # which waits to be filed
    await put(b"Subject: NUL\r\n\r\nneedle \0 x\r\n", inboxes[0])
    await put(b"Subject: large\r\n\r\n" + b"x" * 2_000_000, inboxes[0])
    await put(b"Message-ID: <a@b>\r\n\r\npublic\r\n", group.id)
    recipient = QueueRecipient("c@d", "d", datetime(2040, 1, 1, tzinfo=UTC))
    await put(b"Subject: out\r\n\r\n", onward=Outgoing(Envelope("a@b"), [recipient]))
    await store.mail.store_flags(group.id, [1], FlagAction.ADD, frozenset({"\\Seen"}), owners[0])
    await store.mail.store_flags(inboxes[0], [2], FlagAction.ADD, frozenset({"x"}), owners[0])
    await store.mail.expunge(inboxes[1], None, deleted_only=False)
    await store.mail.subscribe(owners[0], "Gr\u00fcn", True)
    await store.accounts.set_alias("info", ["a1"])
    await store.tidy()
    await store.close()


class CopyStore(TestCase):
    """A store with something of everything."""

    def setUp(self) -> None:
        self.home = Path(self.mktemp()).absolute()
        self.home.mkdir()
        self.url = f"sqlite:///{self.home / 'netsuite.db'}"

    async def test_there_and_back(self) -> None:
        """Every row is the same on PostgreSQL, and on SQLite again; and both can be searched."""
        middle = fresh_database(empty=True)
        if middle is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        await fill(self.url)
        first = rows_of(self.url)
        printed = done(self.home, "copy-store", middle)
        self.assertIn("10 accounts, 11 folders, 12 messages, 1 items of the queue", printed)
        self.assertIn("now set store.url to", printed)
        second = rows_of(middle)
        for each in (first, second):  # PostgreSQL's text has no NUL
            each["content_text"] = [
                tuple(str(word).replace("\0", "") for word in row) for row in each["content_text"]
            ]
        self.assertEqual(first, second)
        again = self.home / "again.db"
        done(self.home, "--set", f"store.url={middle}", "copy-store", f"sqlite:///{again}")
        third = rows_of(f"sqlite:///{again}")
        third["content_text"] = [tuple(map(str, row)) for row in third["content_text"]]
        self.assertEqual(first, third)
        for url in (middle, f"sqlite:///{again}"):
            store = SQLStore(url, clock=reactor, threads=reactor)
            await store.open()
            owner = (await store.accounts.account("a0")).id
            inbox = await store.mail.folder(owner, "INBOX")
            self.assertEqual([2], list(await store.mail.search(inbox.id, Text("needle"), owner)))
            await store.close()

    async def test_refused(self) -> None:
        """Nothing is written over, nothing in use is copied, and no password is typed."""
        await fill(self.url)
        here = refused(self.home, "copy-store", f"sqlite:///{self.home / 'netsuite.db'}")
        self.assertIn("is in use" if "in use" in here else "is there already", here)
        there = self.home / "there.db"
        there.write_bytes(b"x")
        line = refused(self.home, "copy-store", f"sqlite:///{there}")
        self.assertIn("is there already; name a new file", line)
        self.assertEqual(b"x", there.read_bytes())
        line = refused(self.home, "copy-store", "postgresql://ann:secret@127.0.0.1/x")
        self.assertIn("everybody sees a password in the command line", line)
        self.assertIn("not a store's URL", refused(self.home, "copy-store", "mysql://x/y"))
        store = SQLStore(self.url, clock=reactor, threads=reactor)
        await store.open()
        line = refused(self.home, "copy-store", f"sqlite:///{self.home / 'new.db'}")
        await store.close()
        self.assertIn("is in use: stop the daemon", line)
        filled = fresh_database()
        if filled is not None:
            done(
                self.home, "--set", f"store.url={filled}", "account", "add", "x", "--password-stdin"
            )
            line = refused(self.home, "copy-store", filled)
            self.assertIn("has a store already; name an empty database", line)

    async def test_broken_off(self) -> None:
        """What fails half way leaves nothing behind that looks like a store."""
        await fill(self.url)

        def fail(table: str, rows: int) -> None:
            if table == "message":
                raise OSError("the disk is gone")

        place = self.home / "new.db"
        targets = [f"sqlite:///{place}"]
        if (there := fresh_database(empty=True)) is not None:
            targets.append(there)
        for url in targets:
            with self.assertRaises(StoreError):
                copy_tables(Database(self.url), Database(url), fail)
        self.assertEqual([], [*self.home.glob("new.db*.partial*")])
        self.assertFalse(place.exists())
        for url in targets:  # and can be done again
            copy_tables(Database(self.url), Database(url), lambda table, rows: None)
