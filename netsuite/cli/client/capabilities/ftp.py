"""The features of an FTP server, before and after TLS and the login."""

from __future__ import annotations

import contextlib

from netsuite.cli.client.capabilities import CLEAR, LOGGED_IN, Told, wants_tls, worded
from netsuite.cli.client.session import ClientSession, ended
from netsuite.connection.errors import Refusal
from netsuite.ftp.client import connect


async def ask(session: ClientSession) -> Told:
    """Ask by FEAT; logged in by SYST, too."""
    client = await connect(session.endpoint(), reach=session.data_endpoint, **session.way())
    told = Told(client.banner)
    async with ended(client.quit, client.abort):
        told.stages[told.secured(client.peer)] = worded(await client.feat())
        offered = "TLS" in client.features.get("AUTH", "").upper()
        if wants_tls(session, offered=offered):
            await session.begin_tls(client.auth_tls, offered=True)
            told.stages[told.secured(client.peer)] = worded(await client.feat())
        if session.login is not None:
            await client.login(*session.insist_on_clear(client.peer))
            told.stages[LOGGED_IN] = worded(await client.feat())
        with contextlib.suppress(Refusal):  # many tell it only who has logged in
            stage = next(reversed(told.stages), CLEAR)
            system = f"SYST {await client.syst()}"
            told.stages[stage] = [*told.stages.get(stage, ()), system]
    return told
