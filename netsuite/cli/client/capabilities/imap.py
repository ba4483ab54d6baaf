"""The capabilities of an IMAP server, before and after TLS and the login."""

from __future__ import annotations

from netsuite.cli.client.capabilities import LOGGED_IN, Told, wants_tls
from netsuite.cli.client.session import ClientSession, ended
from netsuite.imap.client import connect


async def ask(session: ClientSession) -> Told:
    """Ask by CAPABILITY."""
    told = Told()
    client = await connect(session.endpoint(), **session.way())
    async with ended(client.closed, client.abort):
        told.stages[told.secured(client.peer)] = sorted(await client.capability())
        if wants_tls(session, offered="STARTTLS" in client.capabilities):
            await session.begin_tls(client.starttls, offered=True)
            told.stages[told.secured(client.peer)] = sorted(await client.capability())
        if session.login is not None:
            await session.log_in(client)
            told.stages[LOGGED_IN] = sorted(await client.capability())
        await client.logout()
    return told
