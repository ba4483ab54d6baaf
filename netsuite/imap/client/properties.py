"""Commands of what mailboxes have beside messages: rights, quotas, annotations.

See RFC 4314 (ACL), RFC 9208 (QUOTA), RFC 5464 (METADATA).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netsuite.imap.client.results import Annotations
from netsuite.imap.client.session import Session
from netsuite.imap.commands.metadata import GetMetadata, MetadataData, SetMetadata
from netsuite.imap.commands.quota import GetQuota, GetQuotaRoot, QuotaData, SetQuota
from netsuite.imap.commands.responses import Code
from netsuite.imap.commands.rights import (
    AclData,
    DeleteAcl,
    GetAcl,
    ListRights,
    ListRightsData,
    MyRights,
    MyRightsData,
    RightsAction,
    SetAcl,
)

_LONGEST = b"LONGENTRIES "


class PropertyCommands(Session):
    """Commands of rights, quotas and annotations. Each raises NotOffered and Refusal."""

    # -- rights -------------------------------------------------------------------------------

    async def set_acl(
        self,
        mailbox: str,
        identifier: str,
        rights: str,
        action: RightsAction = RightsAction.REPLACE,
    ) -> None:
        """Give somebody rights on a mailbox, a letter each; or *action* says add or remove."""
        self.require("ACL")
        await self.commands.run(SetAcl(mailbox, identifier, action, rights))

    async def delete_acl(self, mailbox: str, identifier: str) -> None:
        """Take all that somebody was given on a mailbox."""
        self.require("ACL")
        await self.commands.run(DeleteAcl(mailbox, identifier))

    async def get_acl(self, mailbox: str) -> Mapping[str, str]:
        """Return who has which rights on a mailbox, by identifier."""
        self.require("ACL")
        data = (await self.commands.run(GetAcl(mailbox))).data_of(AclData)
        return {who: rights for each in data for who, rights in each.rows}

    async def list_rights(self, mailbox: str, identifier: str) -> ListRightsData:
        """Return which rights somebody has always, and can be given."""
        self.require("ACL")
        data = (await self.commands.run(ListRights(mailbox, identifier))).data_of(ListRightsData)
        return data[0] if data else ListRightsData(mailbox, identifier, "", ())

    async def my_rights(self, mailbox: str) -> str:
        """Return one's own rights."""
        self.require("ACL")
        data = (await self.commands.run(MyRights(mailbox))).data_of(MyRightsData)
        return data[0].rights if data else ""

    # -- quotas -------------------------------------------------------------------------------

    async def get_quota(self, root: str) -> QuotaData:
        """Return what of each resource is used, and may be."""
        self.require("QUOTA")
        return _quota(root, (await self.commands.run(GetQuota(root))).data_of(QuotaData))

    async def get_quota_root(self, mailbox: str) -> Sequence[QuotaData]:
        """Return the quotas that a mailbox counts for."""
        self.require("QUOTA")
        return (await self.commands.run(GetQuotaRoot(mailbox))).data_of(QuotaData)

    async def set_quota(self, root: str, limits: Mapping[str, int]) -> QuotaData:
        """Limit resources, and leave all others without a limit; return what holds now."""
        self.require("QUOTA")
        request = SetQuota(root, tuple((name.upper(), limit) for name, limit in limits.items()))
        return _quota(root, (await self.commands.run(request)).data_of(QuotaData))

    # -- annotations --------------------------------------------------------------------------

    async def get_metadata(
        self,
        mailbox: str,
        *entries: str,
        max_octets: int | None = None,
        depth: int | None = 0,
    ) -> Annotations:
        """Return annotations.

        Args:
            mailbox: empty for the server.
            entries: as ``/shared/comment``.
            max_octets: larger values are not wanted.
            depth: levels below each entry that are wanted too: 0, 1, or None for all.
        """
        self._require_metadata(mailbox)
        request = GetMetadata(mailbox, tuple(map(str.lower, entries)), max_octets, depth)
        completed = await self.commands.run(request)
        values = {
            name: value for each in completed.data_of(MetadataData) for name, value in each.values
        }
        return Annotations(values, _longest(completed.code))

    async def set_metadata(self, mailbox: str, values: Mapping[str, bytes | None]) -> None:
        """Set annotations; one whose value is None is removed. An empty *mailbox* is the server."""
        self._require_metadata(mailbox)
        await self.commands.run(SetMetadata(mailbox, tuple(values.items())))

    def _require_metadata(self, mailbox: str) -> None:
        if mailbox or not self.offers("METADATA-SERVER"):
            self.require("METADATA")


def _quota(root: str, data: Sequence[QuotaData]) -> QuotaData:
    return next((each for each in data if each.root == root), QuotaData(root, ()))


def _longest(code: Code | None) -> int | None:
    # "METADATA" SP "LONGENTRIES" SP number                              (RFC 5464, 4.2.1)
    if code is None or code.name != "METADATA" or not isinstance(code.argument, bytes):
        return None
    number = code.argument.upper().removeprefix(_LONGEST)
    return int(number) if number.isdigit() and len(number) < 20 else None
