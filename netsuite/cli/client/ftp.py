"""ftp and ftps: get, put and ls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import BinaryIO, Final

from netsuite.cli.client.asking import Part
from netsuite.cli.client.destination import Destination
from netsuite.cli.client.files import Output, pieces_of, read_of, size_of
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import NotGiven, Usage
from netsuite.cli.client.session import ClientSession, ended
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import directory_of, file_path, file_pattern, is_directory, is_text
from netsuite.connection.errors import Refusal
from netsuite.ftp.client import FTPClient, connect
from netsuite.ftp.client.remote_hashes import way_to_ask
from netsuite.ftp.digests import FUNCTIONS
from netsuite.wire.dates import format_http_date


async def connected(session: ClientSession) -> FTPClient:
    """Return a client that has logged in; without a login as anonymous."""
    client = await connect(
        session.endpoint(),
        reach=session.data_endpoint,
        keep_alive_seconds=session.access.keep_alive_seconds,
        **session.way(),
    )
    try:
        if not session.target.tls:
            offered = "TLS" in (await client.feat()).get("AUTH", "").upper().replace(";", " ")
            await session.begin_tls(client.auth_tls, offered=offered)
        if session.login is not None:
            await client.login(*session.insist_on_clear(client.peer))
        else:
            await client.login()
    except BaseException:
        client.abort()
        raise
    return client


@contextlib.asynccontextmanager
async def logged_in(session: ClientSession) -> AsyncIterator[FTPClient]:
    """Return a client that has logged in, and end it."""
    client = await connected(session)
    async with ended(client.quit, client.abort):
        yield client


async def get(session: ClientSession, output: Output) -> None:
    """Fetch a file; the rest of it where the server has not changed it since. Of a URL of a
    directory (RFC 1738, 3.2.2) it is the names."""
    path = file_path(session.target)
    async with logged_in(session) as client:
        if is_directory(session.target):
            for name in await client.nlst(path or None):
                output.write(f"{name}\n".encode("utf-8", "surrogateescape"))
        elif session.access.asking.head:
            await _show_head(client, path, output)
        elif session.access.asking.part is not None:
            await _get_part(client, path, session.access.asking.part, output)
        else:
            await _get_file(session, client, path, output)


async def get_several(session: ClientSession, destination: Destination) -> None:
    """Fetch the files of a directory whose names fit a pattern."""
    pattern, directory = file_pattern(session.target), file_path(directory_of(session.target))
    async with logged_in(session) as client:
        names = sorted(
            each.name
            for each in await client.mlsd(directory or None)
            if each.kind == "file" and fnmatchcase(each.name, pattern)
        )
        if not names:
            raise NotGiven(f"nothing in {directory or 'the directory'} is called like that")
        for name in names:
            try:
                with destination.output(name) as output:
                    await _get_file(session, client, f"{directory}{name}", output)
            except (Refusal, NotGiven) as error:
                destination.failed(name, str(error))


async def _show_head(client: FTPClient, path: str, output: Output) -> None:
    """Write what is known of a file, as the head of a web server's answer would tell it."""
    size, modified = await client.size(path), await _modified(client, path)
    output.write(f"Content-Length: {size}\r\n".encode())
    if modified is not None:
        output.write(b"Last-Modified: " + format_http_date(modified) + b"\r\n")
    if "REST" in client.features:
        output.write(b"Accept-Ranges: bytes\r\n")


class _Enough(Exception):
    """All that was wanted of a file has come."""


async def _get_part(client: FTPClient, path: str, part: Part, output: Output) -> None:
    """Fetch a part of a file. Raises NotGiven where it has no such part."""
    size = await client.size(path)
    first, left = part.within(size)
    if not left:
        raise NotGiven(f"the file has {size} octets, and no part {part}")
    output.begin(left)

    def write(octets: bytes) -> None:
        nonlocal left
        output.write(octets[:left])
        left -= len(octets[:left])
        if not left and first + output.count < size:
            raise _Enough

    with contextlib.suppress(_Enough):
        await client.retr(path, write, offset=first)
    if left:
        raise NotGiven(f"{left} octets fewer came than the server says that there are")


async def _get_file(session: ClientSession, client: FTPClient, path: str, output: Output) -> None:
    """Fetch a file, or the rest of it."""
    text = _text(session)
    there = None if text else output.there()
    size = None if text else await _size(client, path)
    output.modified = await _modified(client, path)
    offset = 0
    if there is not None and size is not None and output.modified is not None:
        same = output.modified.replace(microsecond=0) == there[1]
        offset = there[0] if same and there[0] <= size else 0
    # What was put together is compared where that can be.
    verifying = _hashing(session, client, wanted=bool(offset) and not text)
    if verifying is not None and offset:
        verifying.take(output.read(offset))
    come = offset
    if offset and offset == size:
        output.keep()
    else:

        def write(octets: bytes) -> None:
            nonlocal come
            if come == offset:  # a refusal leaves the file as it is
                output.begin(size, offset=offset)
            come += len(octets)
            output.write(octets)
            if verifying is not None:
                verifying.take([octets])

        await client.retr(path, write, offset=offset, text=text)
    short = size is not None and come < size
    if short:  # a stream's end is all that says that a file is over
        raise NotGiven(f"{come} of {size} octets came, though the server says that it sent all")
    if verifying is not None and not await verifying.fits(client, path):
        output.modified = None  # so that it is not gone on with
        raise NotGiven("what came has another hash than the server says; fetch it anew")


def _text(session: ClientSession) -> bool:
    """Return whether line ends are converted. Raises Usage for what that cannot be with."""
    text = is_text(session.target)
    if text and (session.access.verify or session.access.resume):
        raise Usage(";type=a makes other octets of a file: nothing can be compared or gone on with")
    return text


async def _size(client: FTPClient, path: str) -> int | None:
    try:
        return await client.size(path)
    except Refusal:
        return None  # what RETR says of it counts


async def _modified(client: FTPClient, path: str) -> datetime | None:
    try:
        return await client.mdtm(path)
    except Refusal:
        return None


class _Verifying:
    """The hash of what is transferred, to be compared with the server's.

    Args:
        function: of ``netsuite.ftp.digests.FUNCTIONS``.
    """

    def __init__(self, function: str) -> None:
        self._function = function
        self._hashing = FUNCTIONS[function]()

    def take(self, pieces: Iterable[bytes]) -> None:
        """Take octets that follow."""
        for each in pieces:
            self._hashing.update(each)

    async def fits(self, client: FTPClient, path: str) -> bool:
        """Return whether the server says the same of a file. Raises Refusal."""
        return (await client.hash(path)).value == self._hashing.hexdigest()


def _hashing(session: ClientSession, client: FTPClient, *, wanted: bool) -> _Verifying | None:
    """Return what compares hashes; None where that is not to be, or only *wanted* and not offered.
    Raises NotGiven."""
    way = way_to_ask(client.features)
    if way is None and session.access.verify:
        raise NotGiven(f"{session.target.place} tells no hashes, so that nothing can be verified")
    return _Verifying(way.function) if way and (wanted or session.access.verify) else None


async def put(session: ClientSession, file: BinaryIO) -> None:
    """Store a file; the rest of it where that is wanted, and the server has some."""
    path, text = file_path(session.target), _text(session)
    octets = size_of(file)
    async with logged_in(session) as client:
        offset = 0
        if session.access.resume and octets is not None and not text:
            offset = await _size(client, path) or 0
            offset = offset if offset <= octets else 0
        verifying = _hashing(session, client, wanted=bool(offset))
        session.progress.begin(octets, offset)
        if verifying is not None:
            verifying.take(read_of(file, offset))
        elif offset:
            file.seek(offset)
        if not offset or offset != octets:
            pieces = pieces_of(
                file, session.progress, octets=None if octets is None else octets - offset
            )
            if verifying is not None:
                pieces = _seen(pieces, verifying)
            # Where REST is for stream mode, STOR begins there; others know APPE.
            append = offset > 0 and "REST" not in client.features
            await client.stor(
                path, pieces, offset=0 if append else offset, append=append, text=text
            )
        other = verifying is not None and not await verifying.fits(client, path)
    if other:
        raise NotGiven("what was sent has another hash than the server says; send it anew")


async def _seen(pieces: AsyncIterator[bytes], verifying: _Verifying) -> AsyncIterator[bytes]:
    async for each in pieces:
        verifying.take([each])
        yield each


async def ls(session: ClientSession) -> Listing:
    """List a directory."""
    path = file_path(session.target)
    async with logged_in(session) as client:
        entries = await client.mlsd(path or None)
    rows = [
        ("directory" if each.is_directory else each.kind, each.octets, each.modified, each.name)
        for each in sorted(entries, key=lambda entry: entry.name)
        if each.kind not in ("cdir", "pdir")
    ]
    return Listing(("kind", "octets", "modified", "name"), rows)


CLIENT: Final = Client(
    get=get,
    get_several=get_several,
    put=put,
    ls=ls,
)
