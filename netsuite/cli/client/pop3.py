"""pop3 and pop3s: get and ls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from netsuite.cli.client.destination import Destination
from netsuite.cli.client.files import Output
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.numbers import several_numbers
from netsuite.cli.client.problems import NotGiven
from netsuite.cli.client.session import ClientSession, ended
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import BadURL, message_number
from netsuite.connection.errors import Refusal
from netsuite.pop3.client import POP3Client, connect


@contextlib.asynccontextmanager
async def logged_in(session: ClientSession) -> AsyncIterator[POP3Client]:
    """Return a client that has logged in. Raises LoginFailed."""
    session.insist_on_login()
    client = await connect(session.endpoint(), **session.way())
    async with ended(client.quit, client.abort):
        await session.begin_tls(client.stls, offered="STLS" in client.capabilities)
        await session.log_in(client)
        yield client


async def get(session: ClientSession, output: Output) -> None:
    """Fetch a message."""
    number = message_number(session.target)
    async with logged_in(session) as client:
        output.begin(await client.size(number))
        await client.retr(number, output.write)


async def get_several(session: ClientSession, destination: Destination) -> None:
    """Fetch the messages whose numbers a URL has."""
    wanted = several_numbers(session.target.path.removeprefix("/"))
    assert wanted is not None  # by what has chosen this
    async with logged_in(session) as client:
        numbers = [number for number, _ in await client.list() if number in wanted]
        if not numbers:
            raise NotGiven("there are no such messages")
        refused = await client.retrieve(numbers, destination.messages())
    for number, status in refused.items():
        destination.failed(f"message {number}", status.text)


async def ls(session: ClientSession) -> Listing:
    """List the maildrop."""
    if session.target.path not in ("", "/"):
        raise BadURL("a maildrop has no folders: pop3://HOST/")
    async with logged_in(session) as client:
        sizes = await client.list()
        names: dict[int, str] = {}
        with contextlib.suppress(Refusal):  # UIDL is optional (RFC 1939, 7)
            names = dict(await client.uidl())
    return Listing(
        ("number", "octets", "uid"),
        [(number, octets, names.get(number)) for number, octets in sizes],
    )


CLIENT: Final = Client(
    get=get,
    get_several=get_several,
    ls=ls,
)
