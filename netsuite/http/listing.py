"""Directories as HTML and as JSON, in pieces, so that a large one costs no memory."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC
from typing import Final, TypeAlias

from netsuite.http.paths import quote_name
from netsuite.store.tree import Entry, EntryKind, shown_name

#: Names, and where they lead.
Links: TypeAlias = Sequence[tuple[str, str]]

HTML: Final = "text/html"
JSON: Final = "application/json"
#: What can be given, the first where a client does not care.
OFFERED: Final = (HTML, JSON)

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:60rem;"
    "overflow-wrap:anywhere}h1{font-size:1.4rem}"
    "td{padding:.125rem 1.5rem .125rem 0}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
)


def policy(style: str) -> str:
    """Return the Content-Security-Policy of a page with one style sheet in it: nothing on it may
    run or load anything, whatever the things it shows are called (CSP 3, 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"


POLICY: Final = policy(_STYLE)


def fields(media_type: str) -> tuple[tuple[str, str], ...]:
    """Return a listing's fields."""
    more = (("Content-Security-Policy", POLICY),) if media_type == HTML else ()
    return (
        ("Content-Type", f"{media_type}; charset=utf-8"),
        ("Vary", "Accept"),
        ("Cache-Control", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        *more,
    )


async def listing(
    media_type: str,
    names: Sequence[str],
    pieces: AsyncIterator[Sequence[Entry]],
    links: Links = (),
) -> AsyncIterator[bytes]:
    """Return a listing, piece by piece.

    Args:
        media_type: HTML or JSON.
        names: the directory's path.
        pieces: its entries.
        links: to what is no file; on a page for people only.
    """
    head, row, between, tail = _FORMS[media_type]
    yield head(names, links).encode()
    first = True
    async for entries in pieces:
        rows = [row(entry) for entry in entries]
        if rows:
            yield (("" if first else between) + between.join(rows)).encode()
            first = False
    yield tail.encode()


def whole_listing(
    media_type: str, names: Sequence[str], entries: Iterable[Entry], links: Links = ()
) -> bytes:
    """Return a listing that is known to be short, directories first. See ``listing``."""
    head, row, between, tail = _FORMS[media_type]
    rows = map(row, sorted(entries, key=lambda entry: entry.kind is not EntryKind.DIRECTORY))
    return (head(names, links) + between.join(rows) + tail).encode()


def _title(names: Sequence[str]) -> str:
    return "/" + "".join(f"{shown_name(name)}/" for name in names)


def _html_head(names: Sequence[str], links: Links) -> str:
    title = html.escape(_title(names))
    leads = " ".join(
        f'<a href="{html.escape(where)}">{html.escape(name)}</a>' for name, where in links
    )
    up = '<tr><td><a href="../">../</a></td></tr>\n' if names else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body>{f'<nav>{leads}</nav>' if leads else ''}<h1>{title}</h1>\n<table>\n{up}"
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


def _json_head(names: Sequence[str], links: Links) -> str:
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
