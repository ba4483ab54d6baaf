"""The newsgroups for programs: JSON, and Atom feeds (RFC 4287)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from netsuite.accounts.interfaces import Newsgroup
from netsuite.http.commands import FieldPairs
from netsuite.http.news.pages import Shown, subject, written
from netsuite.http.news.parts import saved_name
from netsuite.http.news.prose import clean, escaped
from netsuite.http.paths import quote_name
from netsuite.message.reading import author, first_address, type_name
from netsuite.store.model import Described

JSON: Final = "application/json"
JSON_FIELDS: Final[FieldPairs] = (("Content-Type", JSON),)
ATOM_FIELDS: Final[FieldPairs] = (("Content-Type", "application/atom+xml; charset=utf-8"),)


def _json(said: object) -> bytes:
    return json.dumps(said, indent=1).encode() + b"\n"


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")


def group_list(groups: Iterable[Newsgroup]) -> bytes:
    """Return all groups."""
    return _json(
        {
            "groups": [
                {
                    "name": group.name,
                    "href": f"./{quote_name(group.name)}/",
                    "description": group.description,
                    "low": group.low,
                    "high": group.high,
                    "count": group.count,
                }
                for group in groups
            ]
        }
    )


def group_page(
    group: Newsgroup, articles: Sequence[tuple[Described, str]], *, older: int | None
) -> bytes:
    """Return a page of a group's articles, with their Message-IDs; else as ``pages`` has it."""
    return _json(
        {
            "name": group.name,
            "description": group.description,
            "low": group.low,
            "high": group.high,
            "count": group.count,
            "older": f"./?before={older}" if older is not None else None,
            "articles": [_article(each, message_id) for each, message_id in articles],
        }
    )


def _article(described: Described, message_id: str) -> dict[str, object]:
    number = described.message.uid
    return {
        "number": number,
        "href": f"./{number}",
        "subject": described.summary.subject,
        "from": first_address(described.summary.envelope.from_),
        "date": _moment(written(described)),
        "message_id": message_id,
        "octets": described.message.octets,
    }


def article(group: Newsgroup, shown: Shown, message_id: str) -> bytes:
    """Return an article: of its header what a list shows, its texts, its parts."""
    number = shown.described.message.uid
    return _json(
        {
            **_article(shown.described, message_id),
            "group": group.name,
            "references": [f"<{each}>" for each in shown.described.summary.references],
            "raw": f"./{number}.eml",
            "texts": list(shown.texts),
            "cut": shown.cut,
            "parts": [
                {
                    "href": f"./{number}/{place}",
                    "name": saved_name(part, place),
                    "type": type_name(part),
                    "octets": part.octets,
                }
                for place, part in shown.saved
            ],
        }
    )


def feed(group: Newsgroup, articles: Sequence[tuple[Described, str]]) -> bytes:
    """Return a feed of a group's newest articles.

    Links in it are relative to where it was fetched, so that they are right behind any proxy.
    """
    created = group.created or datetime(1970, 1, 1, tzinfo=UTC)
    updated = max((each.message.internal_date for each, _ in articles), default=created)
    title = f"<subtitle>{escaped(group.description)}</subtitle>\n" if group.description else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>news:{escaped(quote(group.name, safe='+'))}</id>\n"
        f"<title>{escaped(group.name)}</title>\n{title}<updated>{_moment(updated)}</updated>\n"
        '<link rel="self" type="application/atom+xml" href="./feed.atom"/>\n'
        '<link rel="alternate" type="text/html" href="./"/>\n'
        f"{''.join(_entry(each, message_id) for each, message_id in articles)}</feed>\n"
    ).encode()


def _entry(described: Described, message_id: str) -> str:
    # RFC 5538, 2.1: the address of an article is its Message-ID without the brackets.
    address = quote(clean(message_id.strip("<>")), safe="@!$&'()*+,;=:/?")
    number = described.message.uid
    return (
        f"<entry>\n<id>news:{escaped(address)}</id>\n<title>{escaped(subject(described))}</title>\n"
        f"<updated>{_moment(described.message.internal_date)}</updated>\n"
        f"<published>{_moment(written(described))}</published>\n"
        f"<author><name>{escaped(author(described.summary) or 'nobody')}</name></author>\n"
        f'<link rel="alternate" type="text/html" href="./{number}"/>\n'
        f'<link rel="related" type="message/rfc822" href="./{number}.eml"/>\n'
        f'<summary type="text">{escaped(described.summary.preview)}</summary>\n</entry>\n'
    )
