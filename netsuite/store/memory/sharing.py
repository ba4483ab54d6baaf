"""Rights on folders and annotations, kept in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from netsuite.store import rights
from netsuite.store.changes import AnnotationsChanged, Change, RightsChanged
from netsuite.store.errors import TooManyEntries
from netsuite.store.memory.records import Records
from netsuite.store.model import AccountId, FlagAction, FolderId
from netsuite.store.sharing import SharedFolder

_PRIVATE = "/private/"


class MemoryRights:
    """Implements ``sharing.RightsStore``."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def rows(self, folder: FolderId) -> Mapping[str, str]:
        """Return what is kept of a folder, by identifier. Raises NoSuchFolder."""
        return dict(self._records.folder(folder).rights)

    async def rows_of_public(self) -> Mapping[FolderId, Mapping[str, str]]:
        """Return what is kept of public folders; those of which nothing is are left out."""
        self._records.check_open()
        return {
            record.folder.id: dict(record.rights)
            for record in self._records.folders.values()
            if record.public and record.rights
        }

    async def shared(
        self, identifiers: Collection[str], account: AccountId
    ) -> Sequence[SharedFolder]:
        """Return the folders of other accounts that give rights to one of some identifiers."""
        self._records.check_open()
        found = [
            SharedFolder(
                record.snapshot(),
                self._records.account(record.folder.owner).account.name,
                dict(record.rights),
            )
            for record in self._records.folders.values()
            if record.folder.owner not in (None, account)
            and record.folder.owner is not None
            and any(who in record.rights for who in identifiers)
        ]
        return sorted(found, key=lambda each: (each.owner_name, each.folder.name))

    async def change(self, folder: FolderId, who: str, action: FlagAction, letters: str) -> None:
        """Change the rights of an identifier, as ``rights.changed``. Raises NoSuchFolder."""
        record = self._records.folder(folder)
        kept = rights.changed(record.rights, who, action, letters, public=record.public)
        if kept == record.rights.get(who):
            return
        record.rights.pop(who, None)
        if kept is not None:
            record.rights[who] = kept
        if not record.public and not record.rights:
            for row in record.rows.values():
                row.own.clear()
        self._records.publish(RightsChanged(folder, record.folder.owner))


class MemoryAnnotations:
    """Implements ``sharing.AnnotationStore``."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def _kept(self, folder: FolderId | None) -> dict[tuple[AccountId | None, str], bytes]:
        if folder is None:
            self._records.check_open()
            return self._records.annotations
        return self._records.folder(folder).annotations

    async def entries(self, folder: FolderId | None, account: AccountId) -> Mapping[str, bytes]:
        """Return all that an account sees, sorted. Raises NoSuchFolder."""
        seen = (None, account)
        found = {e: value for (whose, e), value in self._kept(folder).items() if whose in seen}
        return dict(sorted(found.items()))

    async def annotate(
        self,
        folder: FolderId | None,
        account: AccountId,
        values: Mapping[str, bytes | None],
        *,
        most: int,
    ) -> None:
        """Set entries, or remove those whose value is None: all, or none."""
        kept = self._kept(folder)
        self._records.account(account)
        owner = None if folder is None else self._records.folder(folder).folder.owner
        after = dict(kept)
        told: list[Change] = []
        for whose in (None, account):
            wanted = {
                entry: value
                for entry, value in values.items()
                if (account if entry.startswith(_PRIVATE) else None) == whose
            }
            for entry, value in wanted.items():
                after.pop((whose, entry), None)
                if value is not None:
                    after[whose, entry] = value
            if any(value is not None for value in wanted.values()):
                count = sum(1 for key in after if key[0] == whose)
                if count > most:
                    raise TooManyEntries(f"more than {most}")
            if wanted:
                told.append(AnnotationsChanged(folder, owner, tuple(wanted), whose))
        kept.clear()
        kept.update(after)
        self._records.publish(*told)
