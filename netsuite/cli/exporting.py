"""Folders of an account on their way out, into files that other programs read."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netsuite.cli.archives import PARTIAL, sync_folder
from netsuite.cli.leftout import LeftOut
from netsuite.cli.mailfiles.maildir import KEYWORDS, NewMaildir
from netsuite.cli.mailfiles.mbox import NewMbox
from netsuite.cli.mailfiles.names import write_subscriptions
from netsuite.cli.mailfiles.trees import maildir_place, mbox_place
from netsuite.store.interfaces import Store
from netsuite.store.model import INBOX, SEPARATOR, SYSTEM_FLAGS, AccountId, Folder, Message

#: So many messages are asked for at once.
SLICE: Final = 1000

#: Called with how many messages are done.
Advance = Callable[[int], None]


@contextmanager
def new_place(target: Path) -> Iterator[Path]:
    """Give a place to write to, beside its target, which is gone when the block is left."""
    partial = target.with_name(f"{PARTIAL}{secrets.token_hex(4)}-{target.name}")
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if partial.is_file():
            partial.unlink()


def put_in_place(partial: Path, target: Path) -> None:
    """Make what was written durable, and give it its name. Raises OSError."""
    # One for all: a thousand small files would wait for the disk a thousand times.
    os.sync()
    os.rename(partial, target)
    sync_folder(target.parent)


class Exporting:
    """Messages of a store on their way into files.

    Args:
        owner: whose they are; None for public folders.
        left_out: told what files cannot hold.
        advance: told of each message that is done.
    """

    def __init__(
        self, store: Store, owner: AccountId | None, left_out: LeftOut, advance: Advance
    ) -> None:
        self._store = store
        self._owner = owner
        self._left_out = left_out
        self._advance = advance
        #: So many were written.
        self.written = 0

    async def folder(self, source: Folder, place: Path, form: str) -> None:
        """Write a folder as a new mbox file or Maildir. Raises OSError."""
        target: NewMbox | NewMaildir
        if form == "mbox":
            target = NewMbox(place)
        else:
            target = NewMaildir(place, source, await self._keywords(source))
        async for message in self._messages(source):
            new = message.uid >= source.recent_from
            await target.add(self._store.mail.read(message.content), message, new=new)
            self.written += 1
            self._advance(1)
        target.close()

    async def tree(self, folders: Sequence[Folder], root: Path, form: str) -> None:
        """Write an account's folders as a new Maildir++, or as a tree of mbox files."""
        if form == "mbox":
            root.mkdir(mode=0o700)
        # A Maildir's root is INBOX, which every account has.
        for each in sorted(folders, key=lambda folder: folder.name != INBOX):
            parts = tuple(each.name.split(SEPARATOR))
            if form == "mbox":
                place = mbox_place(root, parts)
            else:
                place = maildir_place(root, () if each.name == INBOX else parts)
            try:
                if form == "mbox":
                    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                await self.folder(each, place, form)
                if form == "maildir" and place != root:
                    (place / "maildirfolder").touch()
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                self._left_out.say(
                    f"{each.name} with its {each.messages:,} messages is left out: its name is too "
                    "long for a file's"
                )
        if self._owner is not None:
            names = sorted(await self._store.mail.subscriptions(self._owner))
            write_subscriptions(root, [tuple(each.split(SEPARATOR)) for each in names])

    async def _messages(self, source: Folder) -> AsyncIterator[Message]:
        uids = await self._store.mail.uids(source.id)
        for start in range(0, len(uids), SLICE):
            some = uids[start : start + SLICE]
            for message in await self._store.mail.messages(source.id, some, self._owner):
                yield message

    async def _keywords(self, source: Folder) -> Counter[str]:
        found: Counter[str] = Counter()
        async for message in self._messages(source):
            found.update(message.flags - SYSTEM_FLAGS)
        rest = [each for each, _ in found.most_common()[KEYWORDS:]]
        if rest:
            self._left_out.say(
                f"{source.name}: a Maildir can have {KEYWORDS} keywords; left out are "
                f"{', '.join(rest)}"
            )
        return found
