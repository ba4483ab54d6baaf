"""The interfaces of what stands beside the messages of folders: rights on them, and annotations.

Their methods are called, and raise, as those of ``netsuite.store.interfaces``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from netsuite.store.model import AccountId, FlagAction, Folder, FolderId


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """An account's folder that others may see.

    Args:
        owner_name: of the account it belongs to.
        rows: as ``RightsStore.rows`` gives them.
    """

    folder: Folder
    owner_name: str
    rows: Mapping[str, str]


class RightsStore(Protocol):
    """Who besides its owner may do what with a folder (RFC 4314).

    Kept are rows: an identifier, with a dash in front where rights are taken from it, and letters
    of rights. What they mean, and what holds without one, is said in ``netsuite.store.rights``.
    They stay with a folder that is renamed and go with one that is deleted; a new folder begins
    with those of the nearest one above it. What an account is given goes with the account.
    """

    async def rows(self, folder: FolderId) -> Mapping[str, str]:
        """Return what is kept of a folder, by identifier. Raises NoSuchFolder."""

    async def rows_of_public(self) -> Mapping[FolderId, Mapping[str, str]]:
        """Return what is kept of public folders; those of which nothing is are left out."""

    async def shared(
        self, identifiers: Collection[str], account: AccountId
    ) -> Sequence[SharedFolder]:
        """Return the folders of other accounts that give rights to one of some identifiers.

        Args:
            account: whose own folders are left out.
        """

    async def change(self, folder: FolderId, who: str, action: FlagAction, letters: str) -> None:
        """Change the rights of an identifier, as ``rights.changed``. Raises NoSuchFolder."""


class AnnotationStore(Protocol):
    """Entries of METADATA (RFC 5464), of folders and of the server.

    An entry's name begins with ``/shared/`` or ``/private/``, in lower case; of the latter each
    account has its own. They stay with a folder that is renamed and go with one that is deleted.
    """

    async def entries(self, folder: FolderId | None, account: AccountId) -> Mapping[str, bytes]:
        """Return all that an account sees, sorted. Raises NoSuchFolder.

        Args:
            folder: None for the server's.
        """

    async def annotate(
        self,
        folder: FolderId | None,
        account: AccountId,
        values: Mapping[str, bytes | None],
        *,
        most: int,
    ) -> None:
        """Set entries, or remove those whose value is None: all, or none.

        Args:
            most: how many a folder, or the server, may have of shared ones and of an account's
                own.

        Raises:
            TooManyEntries: there would be more.
            NoSuchFolder, NoSuchAccount: it is gone.
        """
