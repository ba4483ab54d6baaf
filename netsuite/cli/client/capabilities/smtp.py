"""The extensions of a mail server, before and after TLS and the login."""

from __future__ import annotations

import contextlib

from netsuite.cli.client.capabilities import LOGGED_IN, Told, wants_tls, worded
from netsuite.cli.client.problems import LoginFailed
from netsuite.cli.client.session import ClientSession, ended, own_name
from netsuite.connection.errors import ClientError
from netsuite.smtp.client import connect


async def ask(session: ClientSession) -> Told:
    """Ask by EHLO, or LHLO."""
    lmtp = session.target.scheme == "lmtp"
    client = await connect(session.endpoint(), helo=own_name(), lmtp=lmtp, **session.way())
    told = Told(client.banner)

    async def end() -> None:
        with contextlib.suppress(ClientError):  # all has been told
            await client.quit()

    async with ended(end, client.abort):
        told.stages[told.secured(client.peer)] = worded(client.extensions)
        if wants_tls(session, offered="STARTTLS" in client.extensions):
            await session.begin_tls(client.starttls, offered=True)
            told.stages[told.secured(client.peer)] = worded(client.extensions)
        if session.login is not None:
            mechanism = session.mechanism(client.mechanisms, client.peer)
            if mechanism is None:
                raise LoginFailed(f"{session.target.place} offers no login that may be used")
            await client.authenticate(mechanism)
            await client.greet()
            told.stages[LOGGED_IN] = worded(client.extensions)
    return told
