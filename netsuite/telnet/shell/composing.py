"""The octets of a letter: its header, its text, and what goes with it, which may be large."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from netsuite.message.build import Attachment, compose, encode_base64, header_field, parameter
from netsuite.message.headers import header_end, strip
from netsuite.store.tree import OpenFile
from netsuite.telnet.shell.answering import Pair
from netsuite.telnet.shell.drafting import Draft
from netsuite.wire.reader import CRLF

__all__ = ["Attachment", "Enclosure", "Letter", "attached_file", "attached_message", "composed"]

#: Octets of a file that are coded at once: whole lines of base64.
_CHUNK_OCTETS: Final = 57 * 1024
_MIME_FIELDS: Final = (b"content-type", b"content-transfer-encoding")
#: What the names of files tell, and no file of this machine changes.
_TYPES: Final = mimetypes.MimeTypes()
_UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Something that goes with a letter.

    Args:
        label: what it is, for its writer.
        fields: the header of its part.
        octets: returns its body, anew each time, in its coding.
    """

    label: str
    fields: bytes
    octets: Callable[[], AsyncIterator[bytes]]


@dataclass(slots=True)
class Letter:
    """A letter that is being written.

    Args:
        headers: further fields, names and values.
    """

    to: Sequence[Pair] = ()
    cc: Sequence[Pair] = ()
    subject: str = ""
    headers: Sequence[tuple[str, str]] = ()
    draft: Draft = field(default_factory=Draft)
    enclosures: list[Enclosure] = field(default_factory=list)

    @property
    def recipients(self) -> Sequence[str]:
        """The addresses it goes to, each once."""
        return list(dict.fromkeys(address for _, address in (*self.to, *self.cc)))


def attached_file(name: str, octets: Callable[[], AsyncIterator[bytes]]) -> Enclosure:
    """Return a file as it goes with a letter.

    Args:
        octets: returns its content, anew each time.
    """
    kind = _TYPES.guess_type(name)[0] or _UNKNOWN
    shown = name.encode("utf-8", "replace").decode()
    fields = header_field("Content-Type", f"{kind}{parameter('name', shown)}")
    fields += header_field("Content-Transfer-Encoding", "base64")
    fields += header_field("Content-Disposition", f"attachment{parameter('filename', shown)}")

    async def coded() -> AsyncIterator[bytes]:
        rest = b""
        async for piece in octets():
            rest += piece
            whole = len(rest) - len(rest) % _CHUNK_OCTETS
            if whole:
                yield encode_base64(rest[:whole])
                rest = rest[whole:]
        yield encode_base64(rest)

    return Enclosure(name, fields, coded)


def attached_message(
    label: str, octets: Callable[[], AsyncIterator[bytes]], *, eight_bit: bool
) -> Enclosure:
    """Return a message as it goes with a letter, all of it and unchanged: as message/rfc822, which
    may be coded in no other way (RFC 2046, 5.2.1)."""
    fields = header_field("Content-Type", "message/rfc822")
    fields += header_field("Content-Transfer-Encoding", "8bit" if eight_bit else "7bit")
    fields += header_field("Content-Disposition", "attachment")
    return Enclosure(label, fields, octets)


async def read_through(file: OpenFile) -> AsyncIterator[bytes]:
    """Return the content of an open file, and close it."""
    try:
        offset = 0
        while octets := await file.read(offset, _CHUNK_OCTETS):
            offset += len(octets)
            yield octets
    finally:
        file.close()


async def composed(
    letter: Letter, author: Pair, *, date: datetime, message_id: str, boundary: str
) -> AsyncIterator[bytes]:
    """Return the octets of a letter, in pieces.

    Args:
        message_id: without angle brackets.
        boundary: of its parts; in none of them.
    """
    whole = compose(
        sender=author,
        to=letter.to,
        cc=letter.cc,
        subject=letter.subject,
        text=letter.draft.text,
        date=date,
        message_id=message_id,
        boundary=boundary,
        headers=letter.headers,
    )
    if not letter.enclosures:
        yield whole
        return
    end = header_end(whole)
    header, body = whole[:end].removesuffix(CRLF), whole[end:]
    own = strip(header, _MIME_FIELDS)
    of_text = strip(header, {name for name in _names(header) if name not in _MIME_FIELDS})
    line = b"--" + boundary.encode("ascii")
    kind = header_field("Content-Type", f"multipart/mixed{parameter('boundary', boundary)}")
    eight = any(b"8bit" in each.fields for each in letter.enclosures)
    coding = header_field("Content-Transfer-Encoding", "8bit") if eight else b""
    yield b"".join((own, kind, coding, CRLF, line, CRLF, of_text, CRLF, body))
    for enclosure in letter.enclosures:
        yield b"".join((CRLF, line, CRLF, enclosure.fields, CRLF))
        async for piece in enclosure.octets():
            yield piece
    yield CRLF + line + b"--" + CRLF


def _names(header: bytes) -> set[bytes]:
    return {each.split(b":", 1)[0].lower() for each in header.split(CRLF) if each[:1].strip()}
