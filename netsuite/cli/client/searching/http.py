"""Files found by their names over HTTP, where the server lists directories."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.cli.client.http import http_client
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.searching import Wanted
from netsuite.cli.client.searching.names import found_by_name
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.web_listing import read_directory
from netsuite.ftp.listing import Listed
from netsuite.ftp.paths import TreePath
from netsuite.http.paths import quote_name


async def search(session: ClientSession, wanted: Wanted) -> Listing:
    """Look through a directory, and those below it."""
    top = session.target.url.partition("?")[0].removesuffix("/")
    async with http_client(session) as client:

        async def entries(path: TreePath) -> Sequence[Listed]:
            below = "".join(f"{quote_name(each)}/" for each in path)
            reading, _ = await read_directory(client, f"{top}/{below}", session.login)
            return reading.entries

        return await found_by_name(entries, wanted)
