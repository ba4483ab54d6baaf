"""Files as an account, and everybody, may see them."""

from __future__ import annotations

from typing import Protocol

from netsuite.store.tree import FileTree, TreePath


class FileAccess(FileTree, Protocol):
    """What somebody sees of the files: their home at ``/``, the public site at ``/site``; somebody
    anonymous sees the public site at ``/``, for reading.

    Every method asks first whether this account may do that there, and raises NotPermitted.
    ``NoSuchFile`` hides what it may not even see.
    """

    name: str

    def may_write(self, path: TreePath) -> bool:
        """Whether the account may change what is there; for listings and permissions shown."""

    def close(self) -> None:
        """Follow the account's changes no more: whoever logged in for it is done with it."""


class SiteFiles(Protocol):
    """What of the files can be seen without a login."""

    def anonymous(self) -> FileAccess:
        """Return the public site, for reading."""

    async def public_of(self, account: str) -> FileAccess:
        """Return what an account shows to everybody (``/~account/``), for reading.

        Raises:
            NoSuchFile: no such account, or it is disabled.
        """
