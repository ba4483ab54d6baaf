"""http and https: get, put and ls."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import BinaryIO, Final

from netsuite import __version__
from netsuite.cli.client.access import TLSUse
from netsuite.cli.client.files import Output, pieces_of, size_of
from netsuite.cli.client.listing import Cell, Listing
from netsuite.cli.client.problems import LoginFailed, NotGiven, NoTLS
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.transfers import Client
from netsuite.http.client import ClientResponse, HTTPClient
from netsuite.http.commands import Fields
from netsuite.http.listing import JSON
from netsuite.wire.dates import format_http_date, parse_http_date

#: A directory's listing larger than this is none.
LISTING_OCTETS: Final = 256 * 1024 * 1024
LOGIN_WANTED: Final = frozenset({401, 407})
# Content-Range = "bytes" SP first "-" last "/" ( length / "*" ), or "bytes */" length
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)")


@contextlib.asynccontextmanager
async def http_client(session: ClientSession) -> AsyncIterator[HTTPClient]:
    """Return a client. Raises NoTLS where a password would go in the clear."""
    if not session.target.tls and session.tls is TLSUse.REQUIRED:
        raise NoTLS("http:// has no TLS, and it is required; use https://, or --tls none")
    client = HTTPClient(
        session.reactor,
        timeouts=session.timeouts,
        software=f"netsuite/{__version__}",
        tls_context=lambda host: session.context(host, protocols=(b"http/1.1",)),
        endpoint=lambda origin: session.endpoint(origin.host, origin.port),
    )
    try:
        yield client
    finally:
        await client.close()


def judge(response: ClientResponse) -> None:
    """Raise what a status that is no success means."""
    said = f"{response.url}: {response.status} {response.reason}".rstrip()
    if response.status in LOGIN_WANTED:
        raise LoginFailed(said)
    if not 200 <= response.status < 300:
        raise NotGiven(said)


async def get(session: ClientSession, output: Output) -> None:
    """Fetch a file; the rest of it where the server has not changed it since."""
    fields = [("Accept-Encoding", "identity")]
    there = output.there()
    if there is not None:
        fields.append(("Range", f"bytes={there[0]}-"))
        fields.append(("If-Range", format_http_date(there[1]).decode()))
    async with http_client(session) as client:
        url = session.target.url
        async with await client.get(url, fields=Fields(fields), login=session.login) as response:
            if response.status == 416 and there is not None and _whole(response) == there[0]:
                output.keep()
                return
            judge(response)
            modified = response.fields.get("last-modified").encode("latin-1")
            output.modified = parse_http_date(modified, datetime.now(UTC))
            offset = _offset(response, there[0]) if there and response.status == 206 else 0
            length = response.fields.get("content-length")
            known = length.isascii() and length.isdigit() and len(length) < 19
            output.begin(int(length) + offset if known else None, offset=offset)
            async for octets in response.chunks():
                output.write(octets)


def _offset(response: ClientResponse, wanted: int) -> int:
    """Return where a 206 begins. Raises NotGiven where that is not what was asked for."""
    found = _CONTENT_RANGE.fullmatch(response.fields.get("content-range"))
    if found is None or found[1] is None or int(found[1]) != wanted:
        raise NotGiven(f"{response.url}: another part of the file came than was asked for")
    return wanted


def _whole(response: ClientResponse) -> int | None:
    """Return the whole size, from a 416."""
    found = _CONTENT_RANGE.fullmatch(response.fields.get("content-range"))
    return int(found[2]) if found is not None and found[2] != "*" else None


async def put(session: ClientSession, file: BinaryIO) -> None:
    """Store a file; one of unknown size goes in chunks."""
    octets = size_of(file)
    session.progress.begin(octets)
    body = pieces_of(file, session.progress, octets=octets)
    async with (
        http_client(session) as client,
        await client.request(
            "PUT", session.target.url, body=body, octets=octets, login=session.login
        ) as response,
    ):
        judge(response)


async def ls(session: ClientSession) -> Listing:
    """List a directory, as netsuite's own server tells it when asked for JSON."""
    async with http_client(session) as client:
        fields = Fields([("Accept", JSON)])
        url = session.target.url
        async with await client.get(url, fields=fields, login=session.login) as response:
            judge(response)
            kind = response.fields.get("content-type").partition(";")[0].strip().lower()
            if kind != JSON:
                raise NotGiven(f"{response.url}: the server gives no listing as JSON")
            octets = await response.read(LISTING_OCTETS)
    try:
        entries = json.loads(octets)["entries"]
        rows = [_row(each) for each in entries]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotGiven(f"{session.target.url}: that JSON is no listing") from None
    return Listing(("kind", "octets", "modified", "name"), rows)


def _row(entry: dict[str, object]) -> tuple[Cell, ...]:
    octets = entry.get("octets")
    modified = datetime.fromisoformat(str(entry["modified"]))
    return (
        str(entry["kind"]), octets if isinstance(octets, int) else None, modified,
        str(entry["name"]),
    )  # fmt: skip


CLIENT: Final = Client(
    get=get,
    put=put,
    ls=ls,
)
