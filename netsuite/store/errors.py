"""Errors of a store, in no protocol's words; each is a StoreError itself."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.store.model import Copied


class StoreError(Exception):
    """A store's refusal; the message is for logs, a protocol's words come from its table."""


class NoSuchFolder(StoreError):
    """No folder of that name or id that the account may see."""


class FolderExists(StoreError):
    """The name is taken."""


class BadFolderName(StoreError):
    """The name cannot be a folder's: empty part, control character, too long, too deep."""


class OnlyFoldersBelow(StoreError):
    """Nothing has that name but folders below it."""


class NoSuchMessage(StoreError):
    """No such UID, number or Message-ID (any more)."""


class MessageExists(StoreError):
    """A public folder has a message of that Message-ID already."""


class NoSuchAccount(StoreError):
    """No account, alias or address of that name."""


class AccountExists(StoreError):
    """The account or alias name is taken."""


class NotPermitted(StoreError):
    """The account may see the thing but not do that to it."""


class OverQuota(StoreError):
    """The quota of each of these accounts would be exceeded: permanent until its owner makes room.

    Args:
        accounts: their names.
    """

    def __init__(self, *accounts: str) -> None:
        super().__init__(", ".join(accounts))
        self.accounts = accounts


class TooManyEntries(StoreError):
    """A folder, or the server, has as many annotations as it may have."""


class MovedInPart(StoreError):
    """Some of the messages were moved, and then something failed.

    Attributes:
        moved: those that were.
        reason: what failed.
    """

    def __init__(self, moved: Copied, reason: StoreError) -> None:
        super().__init__(str(reason))
        self.moved = moved
        self.reason = reason


class TooLarge(StoreError):
    """The content is larger than the store takes."""


class Busy(StoreError):
    """Temporary: a lock was not free in time, or too much is waiting."""


class StorageFull(StoreError):
    """Temporary: the disk is full or cannot be written."""


class StoreClosed(StoreError):
    """The store is closed or closing."""


class NoSuchScript(StoreError):
    """The account has no script of that name."""


class ScriptExists(StoreError):
    """The account has a script of that name already."""


class ScriptActive(StoreError):
    """The active script cannot be removed."""


class NoSuchFile(StoreError):
    """No file or directory of that name."""


class FileInTheWay(StoreError):
    """Something has that name already."""


class NotADirectory(StoreError):
    """A directory was expected there."""


class IsADirectory(StoreError):
    """A file was expected there."""


class DirectoryNotEmpty(StoreError):
    """The directory has entries.

    Attributes:
        unshown: names of some of them, where none is one that is shown, so that it looks empty.
    """

    def __init__(self, message: str = "", unshown: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.unshown = unshown


class BadFileName(StoreError):
    """No file can be called so: empty, too long, a dot name, a slash, a control character."""


class Locked(StoreError):
    """Somebody has locked the file, or a directory that it is in.

    Args:
        path: what the lock is on.
    """

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__("locked")
        self.path = tuple(path)


class NoSuchLock(StoreError):
    """No lock of that token, any more."""


class Changed(StoreError):
    """The file is not what the caller last saw."""
