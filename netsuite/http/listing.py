"""Directories as HTML and as JSON, in pieces, so that a large one costs no memory."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC
from typing import Final

from netsuite.http.paths import quote_name
from netsuite.store.tree import Entry, EntryKind, shown_name

HTML: Final = "text/html"
JSON: Final = "application/json"
#: What can be given, the first where a client does not care.
OFFERED: Final = (HTML, JSON)

#: Nothing on the page may run or load anything, whatever files are called.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem}"
    "td{padding:0 1.5rem 0 0}td.n{text-align:right;font-variant-numeric:tabular-nums}"
)


def fields(media_type: str) -> tuple[tuple[str, str], ...]:
    """Give a listing's fields."""
    more = (("Content-Security-Policy", POLICY),) if media_type == HTML else ()
    return (
        ("Content-Type", f"{media_type}; charset=utf-8"),
        ("Vary", "Accept"),
        ("Cache-Control", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        *more,
    )


async def listing(
    media_type: str, names: Sequence[str], pieces: AsyncIterator[Sequence[Entry]]
) -> AsyncIterator[bytes]:
    """Give a listing, piece by piece.

    Args:
        media_type: HTML or JSON.
        names: the directory's path.
        pieces: its entries.
    """
    head, row, between, tail = _FORMS[media_type]
    yield head(names).encode()
    first = True
    async for entries in pieces:
        rows = [row(entry) for entry in entries]
        if rows:
            yield (("" if first else between) + between.join(rows)).encode()
            first = False
    yield tail.encode()


def whole_listing(media_type: str, names: Sequence[str], entries: Iterable[Entry]) -> bytes:
    """Give a listing that is known to be short, directories first."""
    head, row, between, tail = _FORMS[media_type]
    rows = map(row, sorted(entries, key=lambda entry: entry.kind is not EntryKind.DIRECTORY))
    return (head(names) + between.join(rows) + tail).encode()


def _title(names: Sequence[str]) -> str:
    return "/" + "".join(f"{shown_name(name)}/" for name in names)


def _html_head(names: Sequence[str]) -> str:
    title = html.escape(_title(names))
    up = '<tr><td><a href="../">../</a></td></tr>\n' if names else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{title}</h1>\n<table>\n{up}"
    )


def _html_row(entry: Entry) -> str:
    directory = entry.kind is EntryKind.DIRECTORY
    slash = "/" if directory else ""
    octets = "" if directory else f"{entry.octets:,}"
    # "./" before it: a name with a colon in it is no URL.
    return (
        f'<tr><td><a href="./{html.escape(quote_name(entry.name))}{slash}">'
        f"{html.escape(shown_name(entry.name))}{slash}</a></td>"
        f'<td class="n">{octets}</td><td>{entry.modified:%Y-%m-%d %H:%M}</td></tr>\n'
    )


def _json_head(names: Sequence[str]) -> str:
    return f'{{"path": {json.dumps(_title(names))}, "entries": [\n'


def _json_row(entry: Entry) -> str:
    directory = entry.kind is EntryKind.DIRECTORY
    said: dict[str, object] = {
        "name": shown_name(entry.name),
        "href": "./" + quote_name(entry.name) + ("/" if directory else ""),
        "kind": entry.kind.value,
        "modified": entry.modified.astimezone(UTC).isoformat(timespec="seconds"),
    }
    if not directory:
        said["octets"] = entry.octets
    return json.dumps(said)


_FORMS: Final = {
    HTML: (_html_head, _html_row, "", "</table></body></html>\n"),
    JSON: (_json_head, _json_row, ",\n", "\n]}\n"),
}
