"""Each invariant of a store that is broken is found, and mended where that can be done."""

from __future__ import annotations

import os
import re
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netsuite.store.errors import StoreError
from netsuite.store.model import FLAGGED, FlagAction, Folder, FolderKind, Placement
from netsuite.store.outgoing import Envelope, Outgoing, QueueRecipient
from netsuite.store.sql import SQLStore
from netsuite.store.sql.backup import take
from netsuite.store.sql.checking import TOLD, Checked, check
from netsuite.store.sql.database import Database
from netsuite.store.sql.restoring import put_back
from netsuite.testing.cases import SkipTest, TestCase
from tests.store.clusters import fresh_database
from tests.store.reactors import reactor

FOLDERS = tuple(f"Folder{number}" for number in range(10))
LATER = datetime(2099, 1, 1, tzinfo=UTC)

#: What is done to a database, what is said of it, and whether it can be mended.
DAMAGES = (
    ("UPDATE folder SET messages = 7 WHERE name = 'INBOX'", "says messages 7, and has ", True),
    ("UPDATE folder SET octets = 7 WHERE name = 'a.group'", "says octets 7, and has ", True),
    ("UPDATE account SET messages = 99", r"account \d+ \(ann\) says messages 99, and has ", True),
    ("UPDATE account SET octets = 99", "says octets 99, and has ", True),
    ("UPDATE folder SET uid_next = 1", "says uid_next 1, and needs ", True),
    ("UPDATE folder SET highest_modseq = 0", "says highest_modseq 0, and needs ", True),
    ("UPDATE folder SET recent_from = 1000", "says that all up to 1000 were seen", True),
    ("UPDATE folder SET uid_validity = 5", "has the UIDVALIDITY 5, which it may not", True),
    ("UPDATE folder SET uid_validity = 0 WHERE name = 'Folder1'", "has the UIDVALIDITY 0", True),
    ("UPDATE folder SET name = 'a//b' WHERE name = 'Folder1'", "'a//b': an empty part", False),
    ("UPDATE content SET refs = 40", "says that it is referred to 40 times", True),
    ("DELETE FROM counter WHERE name = 'content'", "the counter content is at 0", True),
    ("UPDATE counter SET value = 1 WHERE name = 'uid_validity'", "uid_validity is at 1", True),
    ("DELETE FROM content WHERE id = 1", "has lost its content", True),
    ("DELETE FROM content", r"item \d+ of the queue, for x@there.test, has lost its", True),
    ("DELETE FROM chunk WHERE id < 16384", "has 0 of its ", False),
    ("UPDATE message SET octets = 1", "says 1 octets, and its content ", True),
    ("DELETE FROM envelope", "has lost its message", True),
    ("DELETE FROM queue", "1 queued messages have no recipients", True),
    ("INSERT INTO chunk (id, data) VALUES (99999999, '')", "1 pieces of content belong", True),
    (
        "INSERT INTO summary VALUES (999, '', '', '', '', '', '')",
        "1 summaries are of no",
        True,
    ),
    (
        "INSERT INTO heading VALUES (999, 0, 0, '', '', '', '', '', '', '', '')",
        "1 headings are of no",
        True,
    ),
    ("DELETE FROM summary", "contents cannot be searched", True),
    ("INSERT INTO moved (content, key, state, at) VALUES (1, 'k', 1, 0)", "pieces of", True),
    ("INSERT INTO moved (content, key, state, at) VALUES (999, 'k', 1, 0)", "1 objects", True),
    ("INSERT INTO pending (content) VALUES (999)", "1 contents that are to be indexed", True),
    ("DELETE FROM content_text", "contents cannot be searched", True),
    ("INSERT INTO article (message_id, folder, uid) VALUES ('<x>', 1, 99)", "Message-IDs", True),
    ("UPDATE state SET account = 99", "flags of one's own are of no message", True),
    ("UPDATE tombstone SET folder = 99", "messages that were removed are there", True),
    ("INSERT INTO subscription (account, name) VALUES (99, 'x')", "subscriptions are", True),
    ("INSERT INTO acl VALUES (999, 'ann', 'lr')", "1 rights are on no folder", True),
    ("INSERT INTO acl VALUES (1, '-nobody', 'lr')", "1 rights are nobody's", True),
    ("INSERT INTO acl VALUES (1, 'anyone', 'lrQs')", "anyone on folder 1 are not all", True),
    ("INSERT INTO annotation VALUES (99, 0, '/shared/x', '')", "1 annotations are of no", True),
    ("INSERT INTO annotation VALUES (0, 99, '/private/x', '')", "1 annotations are of no", True),
    ("INSERT INTO annotation VALUES (1, 0, '/private/x', '')", "names that cannot be", True),
    ("INSERT INTO script VALUES (99, 'x', '', 0)", "1 scripts are nobody's", True),
    ("INSERT INTO file_work VALUES (99, 'a', 0, 0)", "1 processes are at work on files of", True),
    ("UPDATE account SET files = 1, file_octets = 2", "ann has no quota of files, and", True),
    ("INSERT INTO script VALUES (1, 'a', '', 1), (1, 'b', '', 1)", "2 active scripts", True),
    ("INSERT INTO alias (name, targets) VALUES ('ann', '[]')", "ann is an account's name", False),
    ("DELETE FROM folder WHERE name = 'INBOX'", "account ann has no INBOX", True),
    ("DELETE FROM folder WHERE name = 'Folder3'", "messages are in folder", True),
    ("DELETE FROM folder", "which is not there", True),
    ("DELETE FROM account", "is of account 1, which is not there", True),
)
#: What can only be on SQLite.
OF_ARRIVALS = (
    ("UPDATE arrival SET octets = 1", "says 1 octets, and its content ", True),
    ("INSERT INTO message SELECT * FROM arrival", "is there twice", True),
    ("INSERT INTO acl SELECT min(folder), 'anyone', 'l' FROM arrival", "which others may", True),
    ("UPDATE arrival SET folder = (SELECT id FROM folder WHERE name = 'a.group'), uid = uid + 10"
     " WHERE folder = (SELECT min(folder) FROM arrival)", "is not filed", True),
)  # fmt: skip


class CheckingOnSQLite(TestCase):
    """A store that has something of everything."""

    def make_database(self) -> Database:
        return Database(f"sqlite:///{os.path.abspath(self.mktemp())}")

    async def setUp(self) -> None:
        self.database = self.make_database()
        url = self.database.url.render_as_string(hide_password=False)
        self.store = store = SQLStore(url, clock=reactor, threads=reactor)
        await store.open()
        ann = await store.accounts.add_account("ann", None, folders=[(x, None) for x in FOLDERS])
        group = await store.mail.create_folder(None, "a.group", kind=FolderKind.GROUP)
        inbox = await store.mail.folder(ann.id, "INBOX")
        for _ in range(3):
            await self.commit(inbox)
        await store.mail.expunge(inbox.id, [2], deleted_only=False)
        await self.commit(group)
        await store.mail.store_flags(
            group.id, [1], FlagAction.ADD, frozenset([FLAGGED]), account=ann.id
        )
        draft = store.mail.draft()
        draft.write(b"Subject: queued\r\n\r\n")
        recipient = QueueRecipient("x@there.test", "there.test", LATER)
        onward = Outgoing(Envelope("ann@localhost"), (recipient,))
        await store.mail.commit(draft, [], onward=onward)
        await store.tidy()
        await self.commit(*[await store.mail.folder(ann.id, name) for name in FOLDERS])
        await store.close()

    async def commit(self, *folders: Folder) -> None:
        draft = self.store.mail.draft()
        draft.write(b"Subject: x\r\n\r\n")
        await self.store.mail.commit(draft, [Placement(each.id) for each in folders])

    def execute(self, sql: str) -> None:
        with closing(self.database.session()) as session:
            session.execute(sql)

    def check(self, *, repair: bool = False) -> Checked:
        return check(self.database, repair=repair, now=time.time())

    def test_nothing_is_wrong(self) -> None:
        """What the store itself has written breaks nothing."""
        for repair in (False, True):
            checked = self.check(repair=repair)
            self.assertEqual(([], []), (checked.found, checked.left))
            self.assertEqual((1, 12, 13, 1), checked.counts)
            self.assertEqual({"ann"}, checked.names)

    def test_damages(self) -> None:
        """Each is told, and what is mended is whole afterwards."""
        damages = DAMAGES + (OF_ARRIVALS if self.database.sqlite else ())
        for sql, says, mendable in damages:
            with self.subTest(sql):
                self.assertEqual([], self.check().found)
                self.begin()
                self.execute(sql)
                found = self.check().found
                self.assertTrue([x for x in found if _fits(says, x.line)], found)
                checked = self.check(repair=True)
                self.assertTrue([x for x in checked.found if _fits(says, x.line)], checked)
                self.assertEqual(mendable, not checked.left, checked.left)
                self.assertEqual(checked.left, self.check().found)
                self.back()

    def begin(self) -> None:
        """Note how the database is."""
        with closing(self.database.session()) as session:
            session.pragma("wal_checkpoint(TRUNCATE)")
        self.saved = Path(self.database.url.database or "").read_bytes()

    def back(self) -> None:
        """Have it as it was."""
        Path(self.database.url.database or "").write_bytes(self.saved)

    def test_many(self) -> None:
        """Of one rule some are told one by one."""
        self.execute("UPDATE folder SET uid_next = 0, recent_from = 0")
        for number in range(100, 100 + 2 * TOLD):
            self.execute(f"INSERT INTO alias (name, targets) VALUES ('a{number}', '[]')")
            self.execute(
                f"INSERT INTO account (id, name, state) VALUES ({number}, 'a{number}', 'active')"
            )
        lines = [each.line for each in self.check().found]
        self.assertEqual(2, lines.count(f"and {TOLD} more of these"))

    def test_another_schema(self) -> None:
        """A store of another version is left alone."""
        self.execute("UPDATE alembic_version SET version_num = '0004'")
        with pytest.raises(StoreError, match="has the schema 0004"):
            self.check(repair=True)


def _fits(says: str, line: str) -> bool:
    return re.search(says, line) is not None


class CheckingOnPostgreSQL(CheckingOnSQLite):
    """The same on PostgreSQL."""

    def make_database(self) -> Database:
        url = fresh_database()
        if url is None:
            raise SkipTest("no PostgreSQL server programs, or nobody to run them as")
        return Database(url)

    def begin(self) -> None:
        """As ``CheckingOnSQLite.begin``."""
        self.copy = Path(self.mktemp()).absolute()
        take(self.database, self.copy)

    def back(self) -> None:
        """As ``CheckingOnSQLite.back``."""
        put_back(self.database, self.copy)
