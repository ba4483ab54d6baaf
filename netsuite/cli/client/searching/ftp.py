"""Files found by their names over FTP."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.cli.client.ftp import logged_in
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.searching import Wanted
from netsuite.cli.client.searching.names import found_by_name
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import file_path
from netsuite.ftp.listing import Listed
from netsuite.ftp.paths import TreePath


async def search(session: ClientSession, wanted: Wanted) -> Listing:
    """Look through a directory, and those below it."""
    top = file_path(session.target).rstrip("/") or file_path(session.target)[:1]
    async with logged_in(session) as client:

        async def entries(path: TreePath) -> Sequence[Listed]:
            parts = [*([top.removesuffix("/")] if top else []), *path]
            return await client.mlsd(("/".join(parts) or top) or None)

        return await found_by_name(entries, wanted)
