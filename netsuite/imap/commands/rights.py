"""Rights on mailboxes: what is asked and told of them (RFC 4314)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class RightsAction(enum.Enum):
    """What SETACL does with its rights."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class SetAcl:
    """SETACL."""

    mailbox: str
    identifier: str
    action: RightsAction
    rights: str


@dataclass(frozen=True, slots=True)
class DeleteAcl:
    """DELETEACL."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class GetAcl:
    """GETACL."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class ListRights:
    """LISTRIGHTS."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class MyRights:
    """MYRIGHTS."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class AclData:
    """ACL: pairs of an identifier and its rights."""

    mailbox: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListRightsData:
    """LISTRIGHTS: rights that are always there, and sets of those that can be given."""

    mailbox: str
    identifier: str
    always: str
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MyRightsData:
    """MYRIGHTS."""

    mailbox: str
    rights: str
