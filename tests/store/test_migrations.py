"""The migration that came with news finds the Message-IDs of what was there before."""

from __future__ import annotations

import contextlib
import sqlite3

from netsuite.store.model import Placement
from netsuite.store.sql import SQLStore
from netsuite.testing.cases import TestCase
from tests.store.reactors import reactor


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
