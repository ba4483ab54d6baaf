"""Annotations of mailboxes and of the server: what is asked and told of them (RFC 5464)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GetMetadata:
    """GETMETADATA; the mailbox is empty for the server.

    Args:
        entries: names in lower case.
        max_octets: larger values are not wanted.
        depth: how many levels below each entry are wanted; None for all.
    """

    mailbox: str
    entries: tuple[str, ...]
    max_octets: int | None = None
    depth: int | None = 0


@dataclass(frozen=True, slots=True)
class SetMetadata:
    """SETMETADATA: entries with their values, None for those to be removed."""

    mailbox: str
    values: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class MetadataData:
    """METADATA with values; None for an entry that has none."""

    mailbox: str
    values: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class MetadataChanged:
    """METADATA without values: entries that have changed."""

    mailbox: str
    entries: tuple[str, ...]
