"""ftp and ftps: get, put and ls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import BinaryIO, Final

from netsuite.cli.client.files import Output, pieces_of, size_of
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import NotGiven
from netsuite.cli.client.session import ClientSession, ended
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import file_path
from netsuite.connection.errors import Refusal
from netsuite.ftp.client import FTPClient, connect


@contextlib.asynccontextmanager
async def _client(session: ClientSession) -> AsyncIterator[FTPClient]:
    """Return a client that has logged in; without a login as anonymous."""
    client = await connect(session.endpoint(), reach=session.data_endpoint, **session.way())
    async with ended(client.quit, client.abort):
        if not session.target.tls:
            offered = "TLS" in (await client.feat()).get("AUTH", "").upper().replace(";", " ")
            await session.begin_tls(client.auth_tls, offered=offered)
        if session.login is not None:
            await client.login(*session.insist_on_clear(client.peer))
        else:
            await client.login()
        yield client


async def get(session: ClientSession, output: Output) -> None:
    """Fetch a file; the rest of it where the server has not changed it since."""
    path = file_path(session.target)
    there = output.there()
    async with _client(session) as client:
        size = await _size(client, path)
        output.modified = await _modified(client, path)
        offset = 0
        if there is not None and size is not None and output.modified is not None:
            same = output.modified.replace(microsecond=0) == there[1]
            offset = there[0] if same and there[0] <= size else 0
        if offset and offset == size:
            output.keep()
            return
        come = offset

        def write(octets: bytes) -> None:
            nonlocal come
            if come == offset:  # a refusal leaves the file as it is
                output.begin(size, offset=offset)
            come += len(octets)
            output.write(octets)

        await client.retr(path, write, offset=offset)
    if size is not None and come < size:  # a stream's end is all that says that a file has ended
        raise NotGiven(f"{come} of {size} octets came, though the server says that it sent all")


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


async def put(session: ClientSession, file: BinaryIO) -> None:
    """Store a file."""
    path = file_path(session.target)
    octets = size_of(file)
    async with _client(session) as client:
        session.progress.begin(octets)
        await client.stor(path, pieces_of(file, session.progress, octets=octets))


async def ls(session: ClientSession) -> Listing:
    """List a directory."""
    path = file_path(session.target)
    async with _client(session) as client:
        entries = await client.mlsd(path or None)
    rows = [
        ("directory" if each.is_directory else each.kind, each.octets, each.modified, each.name)
        for each in sorted(entries, key=lambda entry: entry.name)
        if each.kind not in ("cdir", "pdir")
    ]
    return Listing(("kind", "octets", "modified", "name"), rows)


CLIENT: Final = Client(
    get=get,
    put=put,
    ls=ls,
)
