"""Directories of the web: netsuite's listings as JSON, and index pages of other servers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from netsuite.connection.errors import NotOffered
from netsuite.ftp.list_forms import Reading
from netsuite.ftp.listing import Listed, is_name
from netsuite.http.client import HTTPClient, refusal
from netsuite.http.commands import Fields
from netsuite.http.listing import HTML, JSON

#: A listing larger than this is none.
LISTING_OCTETS: Final = 256 * 1024 * 1024
#: What titles of index pages begin with: nginx, Apache and lighttpd; Python; Caddy says the path.
_TITLES: Final = ("index of", "directory listing", "listing of")
_ACCEPT: Final = Fields([("Accept", f"{JSON}, {HTML};q=0.5"), ("Accept-Encoding", "identity")])


async def read_directory(
    client: HTTPClient, url: str, login: tuple[str, str] | None
) -> tuple[Reading, bool]:
    """Return what is in a directory, and whether that is told exactly: sizes, and times to a
    second. Raises ClientError, NotOffered.

    Args:
        url: its own, with ``/`` at the end.
    """
    async with await client.get(url, fields=_ACCEPT, login=login) as response:
        if not 200 <= response.status < 300:
            raise refusal(response)
        kind = response.fields.get("content-type").partition(";")[0].strip().lower()
        if kind not in (JSON, HTML):
            raise NotOffered(f"a listing at {response.url}")
        octets = await response.read(LISTING_OCTETS)
    if kind == JSON:
        return read_json(octets, url), True
    return read_page(octets.decode("utf-8", "replace"), response.url), False


def read_json(octets: bytes, url: str) -> Reading:
    """Read netsuite's own listing. Raises NotOffered."""
    try:
        entries = [_entry(each) for each in json.loads(octets)["entries"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotOffered(f"a listing at {url}, but other JSON") from None
    return _judged(entries)


def _entry(told: dict[str, object]) -> Listed:
    octets = told.get("octets")
    href = str(told["href"]).removeprefix("./").removesuffix("/")
    return Listed(
        unquote_to_bytes(href).decode("utf-8", "surrogateescape"),
        "dir" if told["kind"] == "directory" else "file",
        octets if isinstance(octets, int) else None,
        datetime.fromisoformat(str(told["modified"])),
    )


def _judged(entries: Sequence[Listed]) -> Reading:
    return Reading(
        [each for each in entries if is_name(each.name)],
        [each.name for each in entries if not is_name(each.name)],
    )


def read_page(page: str, url: str) -> Reading:
    """Read another server's index page: its links to what is in the directory itself. Raises
    NotOffered where the page does not say that it is one."""
    reader = _Index()
    reader.feed(page)
    reader.close()
    if not reader.title.strip().lower().startswith(_TITLES):
        raise NotOffered(f"a listing at {url}")
    names = dict.fromkeys(_names(reader.links, url))
    return _judged(
        [Listed(name.removesuffix("/"), "dir" if name.endswith("/") else "file") for name in names]
    )


def _names(links: Sequence[str], url: str) -> Iterator[str]:
    base = urlsplit(url)
    for link in links:
        try:
            parts = urlsplit(urljoin(url, link))
        except ValueError:
            continue
        if (parts.scheme, parts.netloc) != (base.scheme, base.netloc) or parts.query:
            continue
        name = parts.path.removeprefix(base.path)
        if name != parts.path and name and "/" not in name.removesuffix("/"):
            yield unquote_to_bytes(name).decode("utf-8", "surrogateescape")


class _Index(HTMLParser):
    """The title and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.links: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See where a link leads."""
        self._in_title = self._in_title or tag == "title"
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        """See where the title ends."""
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        """Take the title."""
        if self._in_title and len(self.title) < 200:
            self.title += data
