"""Changes of files in a directory of an FTP server, listed again and again."""

from __future__ import annotations

from collections.abc import Iterable

from netsuite.cli.client.ftp import logged_in
from netsuite.cli.client.results import Result
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import file_path
from netsuite.cli.client.watching import Watching, ask_again_and_again
from netsuite.cli.client.watching.listings import Listings
from netsuite.ftp.client import FTPClient


async def watch(session: ClientSession, watching: Watching) -> None:
    """Show what is new, changes and goes."""
    path = file_path(session.target)
    listings = Listings(everything=watching.everything)

    async def look(client: FTPClient) -> Iterable[Result]:
        return listings.changes(await client.mlsd(path or None))

    await ask_again_and_again(session, logged_in, look, watching)
