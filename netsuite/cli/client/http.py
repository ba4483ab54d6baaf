"""http and https: get, put and ls."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import BinaryIO, Final

from twisted.internet.interfaces import IStreamClientEndpoint

from netsuite import __version__
from netsuite.cli.client.access import TLSUse
from netsuite.cli.client.asking import JSON, Part
from netsuite.cli.client.destination import Destination
from netsuite.cli.client.files import Output, pieces_of, size_of
from netsuite.cli.client.listing import Cell, Listing
from netsuite.cli.client.naming import disposition_name, name_of
from netsuite.cli.client.problems import LoginFailed, NotGiven, NoTLS
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import directory_of, file_pattern, parse_url, under
from netsuite.connection.through_proxy import Proxy, ToProxy
from netsuite.http.client import ClientResponse, HTTPClient
from netsuite.http.commands import Fields
from netsuite.http.pool import Origin
from netsuite.wire.dates import format_http_date, parse_http_date

#: A directory's listing larger than this is none.
LISTING_OCTETS: Final = 256 * 1024 * 1024
LOGIN_WANTED: Final = frozenset({401, 407})
# Content-Range = "bytes" SP first "-" last "/" ( length / "*" ), or "bytes */" length
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)")
_AS_IT_IS: Final = Fields([("Accept-Encoding", "identity")])


def open_http(session: ClientSession) -> HTTPClient:
    """Return a client. Raises NoTLS where a password would go in the clear."""
    if not session.target.tls and session.tls is TLSUse.REQUIRED:
        raise NoTLS("http:// has no TLS, and it is required; use https://, or --tls none")

    def forward(origin: Origin) -> Fields | None:
        proxy = _forwarding(session, origin)
        if proxy is None:
            return None
        return Fields([proxy.authorization] if proxy.authorization is not None else [])

    def endpoint(origin: Origin) -> IStreamClientEndpoint:
        proxy = _forwarding(session, origin)
        if proxy is not None:
            return session.observed(ToProxy(session.direct(proxy.host, proxy.port), proxy))
        return session.observed(session.way_to(origin.host, origin.port, origin.scheme))

    def redirected(url: str) -> None:
        target = parse_url(url)
        session.place = target.place
        if not target.tls and session.access.tls is TLSUse.REQUIRED:
            raise NoTLS(f"{url} has no TLS, and it is required")

    return HTTPClient(
        session.reactor,
        timeouts=session.timeouts,
        software=f"netsuite/{__version__}",
        tls_context=lambda host: session.context(host, protocols=(b"http/1.1",)),
        endpoint=endpoint,
        forward=forward,
        redirected=redirected,
    )


@contextlib.asynccontextmanager
async def http_client(session: ClientSession) -> AsyncIterator[HTTPClient]:
    """Return a client, and close it. Raises as ``open_http``."""
    client = open_http(session)
    try:
        yield client
    finally:
        await client.close()


def _forwarding(session: ClientSession, origin: Origin) -> Proxy | None:
    """Return the proxy that is asked in the server's stead: for http an HTTP proxy."""
    proxy = session.proxy(origin.host, origin.port, origin.scheme)
    return proxy if proxy and proxy.kind == "http" and origin.scheme == "http" else None


def judge(response: ClientResponse) -> None:
    """Raise what a status that is no success means."""
    said = f"{response.url}: {response.status} {response.reason}".rstrip()
    if response.status in LOGIN_WANTED:
        raise LoginFailed(said)
    if not 200 <= response.status < 300:
        raise NotGiven(said)


async def get(session: ClientSession, output: Output) -> None:
    """Fetch a file; the rest of it where the server has not changed it since."""
    asking = session.access.asking
    async with http_client(session) as client:
        if asking.head:
            async with await _ask(session, client) as response:
                await _show_head(response, output)
            return
        there = output.there()
        if there is not None:
            fields = [
                ("Range", f"bytes={there[0]}-"),
                ("If-Range", format_http_date(there[1]).decode()),
            ]
            async with await _ask(session, client, fields) as response:
                if await _went_on(response, output, there[0]):
                    return
        wanted = [] if asking.part is None else [("Range", f"bytes={asking.part}")]
        async with await _ask(session, client, wanted) as response:
            await _receive(session, response, output)


async def _ask(
    session: ClientSession, client: HTTPClient, more: Sequence[tuple[str, str]] = ()
) -> ClientResponse:
    """Make the request that the command line says."""
    asking = session.access.asking
    fields = [("Accept-Encoding", "identity"), *more]
    if asking.body is not None:
        fields.append(("Content-Type", asking.kind))
        if asking.kind == JSON:
            fields.append(("Accept", f"{JSON}, */*;q=0.5"))
    fields = [(name, value) for name, value in fields if not asking.has(name.lower())]
    return await client.request(
        asking.http_method,
        session.target.url,
        fields=Fields([*fields, *asking.fields]),
        body=asking.body or b"",
        login=session.login,
    )


async def _show_head(response: ClientResponse, output: Output) -> None:
    lines = [f"HTTP/1.1 {response.status} {response.reason}".rstrip()]
    lines += [f"{name.title()}: {value}" for name, value in response.fields]
    output.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
    if response.status >= 400:
        judge(response)


async def _went_on(response: ClientResponse, output: Output, offset: int) -> bool:
    """Receive what follows so many octets; or all of a file that has changed, or whose server gives
    no parts. Return False where it is to be asked for anew, without a range."""
    if response.status == 416:
        if _range_of(response).whole != offset:
            return False  # it is shorter now than what is here
        output.keep()
        return True
    if response.status != 206:
        await _receive_whole(response, output)
        return True
    come = _range_of(response)
    if come.first != offset or response.fields.elements("content-encoding"):
        return False
    output.modified = _modified(response)
    octets = _length(response)
    output.begin(come.whole if octets is None else offset + octets, offset=offset)
    async for piece in response.chunks(decode=False):
        output.write(piece)
    if come.whole is not None and offset + output.count != come.whole:
        raise NotGiven(f"{response.url}: {offset + output.count} of {come.whole} octets are here")
    return True


async def _receive(session: ClientSession, response: ClientResponse, output: Output) -> None:
    """Receive what was asked for, all of it or a part."""
    asking = session.access.asking
    if response.status >= 400 and output.to_standard and not asking.fail:
        async for piece in response.chunks(decode=False):
            output.write(piece)
    if response.status == 304 and not asking.is_plain:
        output.keep()  # a condition of the user's: what there is is as it was
        return
    part = asking.part
    if part is None or response.status != 200:
        asked = part is not None or asking.has("range")
        if response.status == 206 and not asked and not _is_all(response):
            raise NotGiven(f"{response.url}: a part of the file came, and all was asked for")
        if part is not None and response.status == 206 and not _is_part(response, part):
            raise NotGiven(f"{response.url}: another part of the file came than was asked for")
        await _receive_whole(response, output)
        return
    # A server without ranges gives all of it.
    octets = _length(response)
    if part.first is None and octets is None:
        raise NotGiven(f"{response.url}: the server gives no part of it")
    first, count = part.within(octets if octets is not None else 2**63)
    if octets is not None and first >= octets:
        raise NotGiven(f"{response.url}: it ends before that part, after {octets} octets")
    _name(response, output)
    async for piece in response.chunks(decode=False):
        if count and first < len(piece):
            output.write(piece[first : first + count])
            count -= len(piece[first : first + count])
        first = max(0, first - len(piece))
        if not count:
            return


async def _receive_whole(response: ClientResponse, output: Output) -> None:
    """Receive all of a file, in the octets that are sent: no coding was asked for, and what has one
    all the same, such as x.tar.gz, is that file. Raises NotGiven."""
    judge(response)
    output.modified = _modified(response)
    _name(response, output)
    output.begin(_length(response))
    async for octets in response.chunks(decode=False):
        output.write(octets)


def _name(response: ClientResponse, output: Output) -> None:
    """Tell what the server calls the file: in so many words, or by where it has led us."""
    name = disposition_name(response.fields.get("content-disposition"))
    if not name and response.redirected:
        name = name_of(parse_url(response.url))
    if name:
        output.called(name)


def _modified(response: ClientResponse) -> datetime | None:
    text = response.fields.get("last-modified").encode("latin-1")
    return parse_http_date(text, datetime.now(UTC))


def _length(response: ClientResponse) -> int | None:
    """Return how many octets come; None where that is not told."""
    text = response.fields.get("content-length")
    known = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if known else None


@dataclass(frozen=True, slots=True)
class _Range:
    """What Content-Range says; None for what it does not."""

    first: int | None = None
    last: int | None = None
    whole: int | None = None


def _range_of(response: ClientResponse) -> _Range:
    found = _CONTENT_RANGE.fullmatch(response.fields.get("content-range"))
    if found is None:
        return _Range()
    first, last, whole = (int(each) if each and each != "*" else None for each in found.groups())
    return _Range(first, last, whole)


def _is_all(response: ClientResponse) -> bool:
    """Return whether a 206 has all of the file."""
    come = _range_of(response)
    return come.first == 0 and come.last is not None and come.whole == come.last + 1


def _is_part(response: ClientResponse, part: Part) -> bool:
    """Return whether a 206 has the part that was asked for; its end may be the file's."""
    come = _range_of(response)
    if part.first is None:
        return come.last is not None and come.whole in (None, come.last + 1)
    return come.first == part.first and (
        part.last is None or (come.last is not None and come.last <= part.last)
    )


async def get_several(session: ClientSession, destination: Destination) -> None:
    """Fetch the files of a directory whose names fit a pattern."""
    from netsuite.cli.client.web_listing import read_directory

    pattern, directory = file_pattern(session.target), directory_of(session.target)
    async with http_client(session) as client:
        reading, _ = await read_directory(client, directory.url, session.login)
        names = sorted(
            each.name
            for each in reading.entries
            if not each.is_directory and fnmatchcase(each.name, pattern)
        )
        if not names:
            raise NotGiven(f"{directory.url}: nothing there is called like that")
        for name in names:
            url = under(directory, name).url
            try:
                with destination.output(name, fixed=True) as output:
                    response = await client.get(url, fields=_AS_IT_IS, login=session.login)
                    async with response:
                        await _receive_whole(response, output)
            except NotGiven as error:
                destination.failed(name, str(error))


async def put(session: ClientSession, file: BinaryIO) -> None:
    """Store a file; one of unknown size goes in chunks."""
    asking = session.access.asking
    octets = size_of(file)
    session.progress.begin(octets)
    body = pieces_of(file, session.progress, octets=octets)
    async with (
        http_client(session) as client,
        await client.request(
            asking.method or "PUT",
            session.target.url,
            fields=Fields(asking.fields),
            body=body,
            octets=octets,
            login=session.login,
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
    get_several=get_several,
    put=put,
    ls=ls,
)
