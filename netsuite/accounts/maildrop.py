"""The facet that POP3 sees: INBOX, locked, numbered once, changed only at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from netsuite.accounts.interfaces import DropItem, MaildropInUse
from netsuite.store.errors import NoSuchMessage
from netsuite.store.interfaces import Store
from netsuite.store.model import INBOX, Account, FolderId, Message


class AccountMaildrop:
    """Implements ``interfaces.Maildrop`` (Maildrop)."""

    def __init__(self, store: Store, account: Account) -> None:
        self.name = account.name
        self._mail = store.mail
        self._account = account
        self._folder: FolderId | None = None
        self._messages: Sequence[Message] = ()

    async def open(self) -> Sequence[DropItem]:
        """Lock INBOX and number its messages. Raises MaildropInUse."""
        folder = await self._mail.folder(self._account.id, INBOX)
        if not self._mail.lock_maildrop(folder.id):
            raise MaildropInUse(self.name)
        self._folder = folder.id
        try:
            self._messages = await self._mail.messages(folder.id, None, self._account.id)
        except BaseException:
            self.release()
            raise
        # The UID alone could come back with a new UIDVALIDITY; both together never do.
        return [
            DropItem(each.octets, f"{folder.uid_validity:08x}{each.uid:08x}")
            for each in self._messages
        ]

    def read(self, number: int) -> AsyncIterator[bytes]:
        """Stream a message. Raises NoSuchMessage when another session expunged it."""
        if not 0 <= number < len(self._messages):
            raise NoSuchMessage(f"number {number}")
        return self._mail.read(self._messages[number].content)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove messages, durably, all or none; those gone already are no error."""
        if self._folder is not None and numbers:
            uids = sorted(self._messages[number].uid for number in numbers)
            await self._mail.expunge(self._folder, uids, deleted_only=False)

    def release(self) -> None:
        """Give the lock back; may be called twice."""
        folder, self._folder = self._folder, None
        if folder is not None:
            self._mail.unlock_maildrop(folder)
