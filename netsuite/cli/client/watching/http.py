"""Changes of files in a directory of a web server, listed again and again."""

from __future__ import annotations

from collections.abc import Iterable

from netsuite.cli.client.http import http_client
from netsuite.cli.client.results import Result
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.watching import Watching, ask_again_and_again
from netsuite.cli.client.watching.listings import Listings
from netsuite.cli.client.web_listing import read_directory
from netsuite.http.client import HTTPClient


async def watch(session: ClientSession, watching: Watching) -> None:
    """Show what is new, changes and goes; of a page without sizes and times no changes."""
    url = session.target.url
    listings = Listings(everything=watching.everything)

    async def look(client: HTTPClient) -> Iterable[Result]:
        reading, _ = await read_directory(client, url, session.login)
        return listings.changes(reading.entries)

    await ask_again_and_again(session, http_client, look, watching)
