"""The item types of files: by their names, and by their first octets."""

from __future__ import annotations

import mimetypes
from typing import Final

from netsuite.gopher.commands import ItemType

#: Octets to look at where the name says nothing.
LOOK_OCTETS: Final = 1024

#: Texts that have no media type of text, or none at all.
_TEXTS: Final = (
    "adoc asc asm atom awk bas bat bib c cc cfg clj cmake conf cpp cs csv desktop diff el eml erl "
    "ex f90 go gph gradle h hpp hs ini ipynb java js json json5 jsonl key kt lisp log lua m3u m4 "
    "mak man mbox md mjs ml nfo nix nroff opml org pas patch pem php pl pls plist pm po pod "
    "properties ps1 py r rb rdf rs rss rst scala scm sed sh sql srt svelte swift tcl tex toml ts "
    "tsv tsx txt v vb vcf vim vtt vue xml xsd xsl xslt yaml yml zig"
)
_BY_EXTENSION: Final = {
    **dict.fromkeys(_TEXTS.split(), ItemType.TEXT),
    "gif": ItemType.GIF,
    "hqx": ItemType.BINHEX,
    "uu": ItemType.UUENCODED,
    "uue": ItemType.UUENCODED,
    "html": ItemType.HTML,
    "htm": ItemType.HTML,
    "xhtml": ItemType.HTML,
    "ics": ItemType.CALENDAR,
    **dict.fromkeys(("pdf", "ps", "doc", "docx", "odt", "rtf", "epub", "djvu"), ItemType.DOCUMENT),
}
_BY_MEDIA: Final = {
    "text": ItemType.TEXT,
    "image": ItemType.IMAGE,
    "audio": ItemType.SOUND,
    "video": ItemType.MOVIE,
    "application": ItemType.BINARY,
}
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\x0c\x1b")


def type_of_name(name: str) -> ItemType | None:
    """Return the type that a file's name tells, None when it tells nothing."""
    _, dot, extension = name.lower().rpartition(".")
    if not dot:
        return None
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    media, encoding = mimetypes.guess_type(f"x.{extension}", strict=False)
    if encoding is not None:
        return ItemType.BINARY
    return _BY_MEDIA.get(media.partition("/")[0]) if media else None


#: How files of well-known forms begin.
_BEGINNINGS: Final = (
    (b"GIF8", ItemType.GIF),
    (b"\x89PNG\r\n", ItemType.IMAGE),
    (b"\xff\xd8\xff", ItemType.IMAGE),
    (b"%PDF-", ItemType.DOCUMENT),
    (b"ID3", ItemType.SOUND),
    (b"OggS", ItemType.SOUND),
    (b"fLaC", ItemType.SOUND),
    (b"\x1f\x8b", ItemType.BINARY),
    (b"<!doctype html", ItemType.HTML),
    (b"<html", ItemType.HTML),
)


def type_of_octets(octets: bytes) -> ItemType:
    """Return the type that a file's first octets tell: a form that is known, else text, or not."""
    lower = octets[:16].lower()
    for beginning, kind in _BEGINNINGS:
        if octets.startswith(beginning) or lower.startswith(beginning):
            return kind
    if any(octet < 0x20 and octet not in _TEXT_CONTROLS for octet in octets[:LOOK_OCTETS]):
        return ItemType.BINARY
    return ItemType.TEXT


def media_of(name: str, kind: ItemType) -> str:
    """Return the media type of a file, for Gopher+."""
    return mimetypes.guess_type(name, strict=False)[0] or _MEDIA.get(kind, "text/plain")


_MEDIA: Final = {
    ItemType.BINARY: "application/octet-stream",
    ItemType.GIF: "image/gif",
    ItemType.HTML: "text/html",
    ItemType.DOCUMENT: "application/pdf",
    ItemType.MENU: "application/gopher-menu",
}


def is_text(kind: str) -> bool:
    """Return whether an item of that type ends with a dot on a line of its own (RFC 1436, 3.8)."""
    return kind in (ItemType.TEXT.value, ItemType.UUENCODED.value, ItemType.BINHEX.value)
