"""Parts of articles to save: under which name and type, their codings undone as they pass."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

from netsuite.http.commands import FieldPairs
from netsuite.message.reading import file_name, type_name
from netsuite.message.structure import Part
from netsuite.message.text import decode_transfer
from netsuite.message.words import decode_base64

#: What a browser does no more with than show it, play it or save it. Everything else is octets:
#: a page, a script or a picture with scripts from a stranger must not run as this site's.
PASSIVE: Final = re.compile(
    r"image/(?:png|jpeg|gif|webp|bmp|avif)|audio/(?:mpeg|ogg|wav|flac|mp4|aac)"
    r"|video/(?:mp4|ogg|webm|mpeg)|text/plain|application/(?:pdf|zip|gzip)"
)
#: What is shown of the stranger's content runs nothing, whatever a browser makes of it.
SANDBOX: Final = ("Content-Security-Policy", "default-src 'none'; sandbox")
NOSNIFF: Final = ("X-Content-Type-Options", "nosniff")
NAME_CHARACTERS: Final = 120

_unfit: Final = re.compile(
    '[\0-\x1f\x7f-\x9f\ud800-\udfff/\\\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]'
)
_no_base64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_CODED: Final = frozenset({b"base64", b"quoted-printable", b"x-uuencode", b"x-uue", b"uuencode"})
#: A line of quoted-printable longer than that is undone in pieces.
_LINE_OCTETS: Final = 65_536


def saved_name(part: Part, number: str) -> str:
    """Return the name to save a part under: one name, no path, nothing that hides its ending."""
    name = file_name(part).replace("\\", "/").rpartition("/")[2]
    name = _unfit.sub("_", name).strip(" .")[-NAME_CHARACTERS:].lstrip(".")
    return name or f"part-{number}"


def disposition(name: str) -> tuple[str, str]:
    """Return the field that has a browser save, not show (RFC 6266, 4)."""
    plain = re.sub(r"[^ -~]|[\"\\%]", "_", name)
    value = f'attachment; filename="{plain}"'
    if plain != name:
        value += f"; filename*=UTF-8''{quote(name, safe='')}"
    return "Content-Disposition", value


def fields(part: Part, number: str) -> FieldPairs:
    """Return the fields of an answer that has a part's content."""
    named = type_name(part)
    return (
        ("Content-Type", named if PASSIVE.fullmatch(named) else "application/octet-stream"),
        disposition(saved_name(part, number)),
        NOSNIFF,
        SANDBOX,
    )


async def decoded(pieces: AsyncIterator[bytes], encoding: bytes) -> AsyncIterator[bytes]:
    """Undo a Content-Transfer-Encoding piece by piece; what is not in it is passed over."""
    rest = b""
    try:
        async for piece in pieces:
            if encoding not in _CODED:
                yield piece
                continue
            made, rest = _take(rest + piece, encoding, last=False)
            if made:
                yield made
    finally:
        # Who reads no further closes this one alone.
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
    if rest:
        made, _ = _take(rest, encoding, last=True)
        if made:
            yield made


def _take(octets: bytes, encoding: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Return what octets hold, and what of them has to wait for more."""
    if encoding == b"base64":
        clean = _no_base64.sub(b"", octets)
        whole = len(clean) if last else len(clean) - len(clean) % 4
        return decode_base64(clean[:whole]), clean[whole:]
    whole = len(octets) if last else _whole_lines(octets)
    return decode_transfer(octets[:whole], encoding), octets[whole:]


def _whole_lines(octets: bytes) -> int:
    """Return where the last line begins: only a line's end tells what its white space is."""
    whole = octets.rfind(b"\n") + 1
    if not whole and len(octets) > _LINE_OCTETS:
        escape = octets.rfind(b"=", len(octets) - 2)
        return escape if escape >= 0 else len(octets)
    return whole
