"""The migration that came with news finds the Message-IDs of what was there before."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta

from netsuite.store.model import Placement
from netsuite.store.outgoing import (
    Envelope,
    Outgoing,
    QueueFilter,
    QueueRecipient,
    QueueState,
)
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.store.reactors import reactor

#: Without what came with 0004 to 0011.
_AFTER_0003 = """
DROP TABLE file_work;
DROP TABLE file_lock;
ALTER TABLE account DROP COLUMN quota_file_octets;
ALTER TABLE account DROP COLUMN quota_files;
ALTER TABLE account DROP COLUMN file_octets;
ALTER TABLE account DROP COLUMN files;
DROP INDEX subscription_name;
DROP TABLE acl;
DROP TABLE annotation;
DROP TABLE script;
DROP TABLE heading;
DROP TABLE summary;
CREATE TABLE summary (content INTEGER PRIMARY KEY, data BLOB NOT NULL);
ALTER TABLE content_text ADD COLUMN sent_day INTEGER;
DROP TABLE remembered;
DROP TABLE moved;
DROP TABLE process;
DROP TABLE lease;
DROP TABLE arrival;
"""

#: The queue before it had envelopes, with what a message to three had put in.
_QUEUE_OF_0001 = (
    _AFTER_0003
    + """
DROP TABLE envelope;
DROP TABLE queue;
CREATE TABLE queue (
    id INTEGER NOT NULL PRIMARY KEY, content BIGINT NOT NULL, octets BIGINT NOT NULL,
    sender TEXT NOT NULL, sender_parameters TEXT NOT NULL, account BIGINT,
    recipient TEXT NOT NULL, parameters TEXT NOT NULL, state TEXT NOT NULL,
    attempts BIGINT NOT NULL, queued_at BIGINT NOT NULL, next_at BIGINT NOT NULL,
    last_reply TEXT NOT NULL
);
CREATE INDEX queue_due ON queue (next_at, id);
INSERT INTO content (id, guid, octets, refs, died_at) VALUES (99, 'g', 4, 3, 0);
INSERT INTO chunk (id, data) VALUES (99 << 13, x'6d61696c');
INSERT INTO queue VALUES
    (7, 99, 4, 'a@b', '{}', 1, 'x@Y.example', '{}', 'waiting', 0, 1000, 1000, ''),
    (8, 99, 4, 'a@b', '{}', NULL, '"@"@z', '{}', 'claimed', 2, 1000, 2000, '451 later'),
    (9, 99, 4, '', '{}', NULL, 'h@z', '{}', 'held', 1, 1000, 3000, '');
INSERT INTO counter (name, value) VALUES ('queue', 9) ON CONFLICT (name) DO UPDATE SET value = 9;
"""
)


class Migration(TestCase):
    """A store of the first schema."""

    async def test_messages_that_were_there(self) -> None:
        """Articles of public folders are found; mail in mailboxes is not, nor what has no id."""
        path = self.mktemp()
        store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
        await store.open()
        ann = await store.accounts.add_account("ann", None)
        inbox = await store.mail.folder(ann.id, "INBOX")
        group = await store.mail.create_folder(None, "misc.test")
        for where, octets in [
            (group, b"Subject: x\r\nmessage-ID:\r\n <one@x>\r\n\r\nMessage-ID: <body@x>\r\n"),
            (group, b"Subject: none\r\n\r\n"),
            (group, b""),
            (inbox, b"Message-ID: <mail@x>\r\n\r\n"),
            (group, b"Message-ID: <large@x>\r\n\r\n" + b"x" * 600_000),
        ]:
            draft = store.mail.draft()
            waiting = draft.write(octets)
            if waiting is not None:
                await waiting
            await store.mail.commit(draft, [Placement(where.id)])
        await store.close()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("DROP TABLE article")
            database.executescript(_QUEUE_OF_0001)
            database.execute("UPDATE alembic_version SET version_num = '0001'")
            database.commit()
        store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
        await store.open()
        try:
            found = await store.mail.find_message_ids(
                ["<one@x>", "<body@x>", "<mail@x>", "<large@x>"]
            )
            self.assertEqual(
                {"<one@x>": [(group.id, 1)], "<large@x>": [(group.id, 4)]},
                {message_id: list(places) for message_id, places in found.items()},
            )
        finally:
            await store.close()

    async def test_the_queue_that_was_there(self) -> None:
        """What was queued is queued, each recipient with an envelope; new numbers are new."""
        path = self.mktemp()
        store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
        await store.open()
        await store.close()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript(_QUEUE_OF_0001)
            database.execute("UPDATE alembic_version SET version_num = '0002'")
            database.commit()
        store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
        await store.open()
        try:
            self.assertEqual(
                [
                    (7, "a@b", 1, "x@Y.example", "y.example", QueueState.QUEUED, False, 0),
                    (8, "a@b", None, '"@"@z', "z", QueueState.DEFERRED, False, 2),
                    (9, "", None, "h@z", "z", QueueState.DEFERRED, True, 1),
                ],
                [
                    (
                        item.id, item.envelope.sender, item.envelope.account,
                        item.recipient.address, item.recipient.domain, item.state, item.held,
                        item.attempts,
                    )
                    for item in await store.queue.items()
                ],
            )  # fmt: skip
            (first, *_) = await store.queue.items()
            self.assertEqual(b"mail", await store.mail.content(first.content))
            draft = store.mail.draft()
            draft.write(b"new")
            recipient = QueueRecipient("n@z", "z", first.recipient.expires)
            await store.mail.commit(draft, [], onward=Outgoing(Envelope("a@b"), [recipient]))
            *_, new = await store.queue.items()
            self.assertEqual((10, 10), (new.id, new.message))
            self.assertEqual(4, await store.queue.delete(QueueFilter()))
        finally:
            await store.close()

    async def test_remembered(self) -> None:
        """A store from before anything was remembered remembers, and keeps what it had."""
        path = self.mktemp()
        store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
        await store.open()
        await store.accounts.add_account("ann", None)
        await store.close()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript(_AFTER_0003)
            database.execute("UPDATE alembic_version SET version_num = '0003'")
            database.commit()
        for expected in (None, "value"):
            store = SQLStore(f"sqlite:///{path}", clock=reactor, threads=reactor)
            await store.open()
            try:
                self.assertEqual("ann", (await store.accounts.account("ann")).name)
                self.assertEqual(expected, await store.remembered.recall("kind", "key"))
                until = datetime.now(UTC) + timedelta(days=1)
                store.remembered.remember("kind", "key", "value", until)
            finally:
                await store.close()
