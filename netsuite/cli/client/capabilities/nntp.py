"""The capabilities of a news server, before and after TLS and the login."""

from __future__ import annotations

from netsuite.cli.client.capabilities import LOGGED_IN, Told, wants_tls, worded
from netsuite.cli.client.session import ClientSession, ended
from netsuite.nntp.client import connect


async def ask(session: ClientSession) -> Told:
    """Ask by CAPABILITIES."""
    client = await connect(session.endpoint(), **session.way())
    told = Told(client.banner)
    async with ended(client.quit, client.abort):
        told.stages[told.secured(client.peer)] = worded(client.capabilities)
        if wants_tls(session, offered="STARTTLS" in client.capabilities):
            await session.begin_tls(client.starttls, offered=True)
            told.stages[told.secured(client.peer)] = worded(client.capabilities)
        if session.login is not None:
            await session.log_in(client)
            told.stages[LOGGED_IN] = worded(await client.ask_capabilities())
    return told
