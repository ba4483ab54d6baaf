"""The items of FETCH, and what comes back for one message."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from netsuite.message.structure import Envelope


class Item(enum.Enum):
    """A fetch-att without arguments (RFC 3501, 6.4.5; MODSEQ: RFC 7162, 3.1.4.2; the two
    identifiers: RFC 8474; SAVEDATE: RFC 8514; PREVIEW: RFC 8970)."""

    FLAGS = b"FLAGS"
    UID = b"UID"
    INTERNALDATE = b"INTERNALDATE"
    SIZE = b"RFC822.SIZE"
    ENVELOPE = b"ENVELOPE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    MODSEQ = b"MODSEQ"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"
    SAVEDATE = b"SAVEDATE"
    PREVIEW = b"PREVIEW"


class SectionText(enum.Enum):
    """What of a part is meant, beside its content."""

    HEADER = b"HEADER"
    FIELDS = b"HEADER.FIELDS"
    FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"


@dataclass(frozen=True, slots=True)
class BodySection:
    """``BODY[section]<start.octets>`` and the three old spellings of it.

    Args:
        part: the numbers that lead to a part; empty for the message.
        text: None for the content itself.
        fields: names for HEADER.FIELDS and its NOT, as written.
        peek: whether ``\\Seen`` stays as it is.
        start: the first octet wanted, None for all of it.
        octets: how many are wanted from there.
        old: ``RFC822``, ``RFC822.HEADER`` or ``RFC822.TEXT``: answered under that name.
    """

    part: tuple[int, ...] = ()
    text: SectionText | None = None
    fields: tuple[bytes, ...] = ()
    peek: bool = False
    start: int | None = None
    octets: int | None = None
    old: bytes | None = None


@dataclass(frozen=True, slots=True)
class BinarySection:
    """``BINARY[part]<start.octets>`` and ``BINARY.SIZE[part]``: a part without its transfer
    encoding (RFC 3516, 4.2).

    Args:
        part: the numbers that lead to it; empty for the message.
        peek: whether ``\\Seen`` stays as it is; it does for a size.
        start: the first of the decoded octets wanted, None for all of them.
        octets: how many are wanted from there.
        size: whether only their number is wanted.
    """

    part: tuple[int, ...] = ()
    peek: bool = False
    start: int | None = None
    octets: int | None = None
    size: bool = False


FetchItem: TypeAlias = Item | BodySection | BinarySection

#: RFC 3501, 6.4.5: "ALL", "FAST" and "FULL" stand alone for lists.
MACROS: Mapping[bytes, tuple[Item, ...]] = {
    b"ALL": (Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE),
    b"FAST": (Item.FLAGS, Item.INTERNALDATE, Item.SIZE),
    b"FULL": (Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE, Item.BODY),
}


@dataclass(frozen=True, slots=True)
class Streamed:
    """Stands where a large literal stood, whose octets went to a consumer."""

    octets: int


@dataclass(frozen=True, slots=True)
class BodyStructure:
    """BODY or BODYSTRUCTURE as a client reads it; fields as those of ``message.structure.Part``.

    Args:
        octets: the size of the part's body as transferred; 0 for a multipart.
        lines: for text and message/rfc822 only, else None.
    """

    type: tuple[bytes, bytes]
    parameters: tuple[tuple[bytes, bytes], ...] = ()
    id: bytes | None = None
    description: bytes | None = None
    encoding: bytes = b"7bit"
    octets: int = 0
    lines: int | None = None
    md5: bytes | None = None
    disposition: tuple[bytes, tuple[tuple[bytes, bytes], ...]] | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    children: tuple[BodyStructure, ...] = ()
    envelope: Envelope | None = None


@dataclass(frozen=True, slots=True)
class FetchData:
    """What a FETCH response says of one message; None: it does not say.

    Args:
        number: 0 where there are UIDs only (RFC 9586).
        email_id, thread_id: without their parentheses; a thread may have none.
        preview: None also where it is not made yet.
        sections: by section, without ``peek`` and ``octets`` (a response has neither).
        binary: the same of decoded ones, and of their sizes.
    """

    number: int
    uid: int | None = None
    flags: frozenset[str] | None = None
    internal_date: datetime | None = None
    octets: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    body: BodyStructure | None = None
    structure: BodyStructure | None = None
    email_id: str | None = None
    thread_id: str | None = None
    save_date: datetime | None = None
    preview: str | None = None
    sections: Mapping[BodySection, bytes | Streamed | None] = field(default_factory=dict)
    binary: Mapping[BinarySection, bytes | Streamed | int | None] = field(default_factory=dict)
