"""Mail on disk on its way into the folders of an account, or into a newsgroup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from netsuite.cli.context import line_of
from netsuite.cli.filling import Filling
from netsuite.cli.leftout import LeftOut
from netsuite.cli.mailfiles.kept import Kept, MailFile, NoMailFile
from netsuite.cli.mailfiles.names import Parts, joined, tamed
from netsuite.cli.mailfiles.trees import Found, Tree
from netsuite.message.headers import strip
from netsuite.message.news import message_id_of
from netsuite.store.errors import MessageExists, NoSuchFolder
from netsuite.store.interfaces import Store
from netsuite.store.model import INBOX, AccountId, Folder, FolderId, Placed, Placement

#: Called with how many messages are done.
Advance = Callable[[int], None]


def names_of(tree: Tree, base: str | None) -> Mapping[Parts, str]:
    """Return what each folder of a tree, or one that is subscribed, is called in the account.

    Args:
        base: where the tree goes; None for the account's own INBOX and folders beside it.
    """
    every = [*(each.parts for each in tree.folders), *tree.subscribed]
    return {parts: _name_of(parts, base) for parts in every}


def _name_of(parts: Parts, base: str | None) -> str:
    if not parts:
        return base or INBOX
    name = joined(tamed(parts))
    return name if base is None else f"{base}/{name}"


async def find_or_make(store: Store, owner: AccountId, name: str) -> Folder:
    """Return an account's folder; make it if it is not there."""
    try:
        return await store.mail.folder(owner, name)
    except NoSuchFolder:
        return await store.mail.create_folder(owner, name)


class Importing:
    """Messages of mail files on their way into a store.

    Args:
        left_out: told what cannot be taken.
        advance: told of each message that is done with.
    """

    def __init__(self, store: Store, left_out: LeftOut, advance: Advance) -> None:
        self._store = store
        self._filling = Filling(store)
        self._left_out = left_out
        self._advance = advance
        #: So many were put into folders.
        self.taken = 0

    async def tree(
        self, owner: AccountId, folders: Sequence[Found], names: Mapping[Parts, str]
    ) -> None:
        """Put the messages of a tree into folders of an account."""
        for each in folders:
            target = await find_or_make(self._store, owner, names[each.parts])
            await self._folder(each.file, target.id)
        await self._filling.finish()

    async def _folder(self, file: MailFile, target: FolderId) -> None:
        for kept in file:
            try:
                draft = await self._filling.drafted(kept.pieces())
            except (OSError, NoMailFile) as error:
                self._refuse(kept, error)
                continue
            placement = Placement(target, kept.flags, kept.received)
            await self._filling.add(draft, placement, self._placed, partial(self._refuse, kept))
        for line in file.complaints:
            self._left_out.say(line)

    def _placed(self, place: Placed) -> None:
        self.taken += 1
        self._advance(1)

    def _refuse(self, kept: Kept, error: Exception) -> None:
        reason = (isinstance(error, OSError) and error.strerror) or line_of(error)
        self._left_out.say(f"{kept.place} cannot be taken: {reason}")
        self._advance(1)

    async def group(self, file: MailFile, target: FolderId) -> None:
        """Put articles into a newsgroup, but for those that are there already.

        Read state is everybody's own there, so the flags in the file are nobody's.
        """
        for kept in file:
            try:
                octets = strip(b"".join(kept.pieces()), (b"Xref",))  # of the server it comes from
            except (OSError, NoMailFile) as error:
                self._refuse(kept, error)
                continue
            draft = await self._filling.drafted(iter([octets]))
            placement = Placement(target, internal_date=kept.received)
            message_id = message_id_of(octets) or None
            try:
                await self._store.mail.commit(draft, [placement], message_id=message_id)
                self.taken += 1
            except MessageExists:
                pass
            self._advance(1)
