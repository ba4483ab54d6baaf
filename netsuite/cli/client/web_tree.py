"""A tree of the web as mirrors read it: the part of an FTP session that they use."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from twisted.internet.defer import ensureDeferred

from netsuite.cli.client.http import open_http
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.web_listing import read_directory
from netsuite.connection import errors
from netsuite.connection.client import Write
from netsuite.ftp.list_forms import Reading
from netsuite.ftp.listing import Listed
from netsuite.http.client import refusal
from netsuite.http.commands import Fields
from netsuite.http.paths import quote_name
from netsuite.wire.dates import parse_http_date

_AS_IT_IS: Final = ("Accept-Encoding", "identity")
# first-pos of Content-Range (RFC 9110, 14.4)
_FIRST: Final = re.compile(r"bytes (\d{1,18})-")


class WebTree:
    """A directory of a web server, and all that is listed below it; one request at a time.

    Args:
        session: its URL is the directory's.
    """

    features: Final[dict[str, str]] = {}
    has_hash: Final = False
    lost: Final = False  # what is lost is connected to anew, request by request

    def __init__(self, session: ClientSession) -> None:
        self._client = open_http(session)
        self._login = session.login
        self._top = session.target.url.partition("?")[0].removesuffix("/")
        #: Whether listings leave nothing away, as far as is known.
        self.has_facts = True

    def _url(self, path: str | None) -> str:
        names = [each for each in (path or "").split("/") if each]
        return "/".join([self._top, *map(quote_name, names)])

    async def check(self) -> None:
        """See that there is something to mirror, and end it. Raises ClientError."""
        try:
            await self.directory()
        finally:
            await self.quit()

    async def directory(self, path: str | None = None) -> Reading:
        """List a directory. Raises ClientError."""
        reading, exact = await read_directory(self._client, f"{self._url(path)}/", self._login)
        self.has_facts = self.has_facts and exact
        return reading

    async def exactly(self, path: str, entry: Listed) -> Listed:
        """Return an entry with what HEAD tells of it. Raises ClientError."""
        url = self._url(path)
        async with await self._client.request(
            "HEAD", url, fields=Fields([_AS_IT_IS]), login=self._login
        ) as response:
            length = response.fields.get("content-length")
            modified = response.fields.get("last-modified").encode("latin-1")
        known = response.status == 200 and length.isascii() and length.isdigit()
        return replace(
            entry,
            octets=int(length) if known and len(length) < 19 else entry.octets,
            modified=parse_http_date(modified, datetime.now(UTC)) or entry.modified,
        )

    async def retr(self, path: str, write: Write, *, offset: int = 0) -> None:
        """Fetch a file from an offset on. Raises ClientError; PermanentRefusal also where the
        server begins elsewhere."""
        fields = [_AS_IT_IS, *([("Range", f"bytes={offset}-")] if offset else [])]
        async with await self._client.get(
            self._url(path), fields=Fields(fields), login=self._login
        ) as response:
            if not 200 <= response.status < 300:
                raise refusal(response)
            first = _FIRST.match(response.fields.get("content-range"))
            if offset and (response.status != 206 or first is None or int(first[1]) != offset):
                raise errors.PermanentRefusal(response.status, "all of it comes, not the rest")
            async for octets in response.chunks(decode=False):
                work = write(octets)
                if work is not None and not isinstance(work, int):
                    await work

    async def quit(self) -> None:
        """End it."""
        await self._client.close()

    def abort(self) -> None:
        """End it at once."""
        ensureDeferred(self._client.close())
