"""pop3 and pop3s: get and ls."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from netsuite.cli.client.clients import Client
from netsuite.cli.client.exit_codes import Failures
from netsuite.cli.client.files import Sink
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import Exit, LoginFailed
from netsuite.cli.client.session import Session
from netsuite.cli.client.urls import BadURL, message_number
from netsuite.pop3.client import LoginRefused, NotOffered, POP3Client, POP3Refused, connect


@contextlib.asynccontextmanager
async def _client(session: Session) -> AsyncIterator[POP3Client]:
    """Give a client that has logged in. Raises LoginFailed."""
    if session.login is None:
        raise LoginFailed("POP3 needs a login: -u USER:PASSWORD")
    client = await connect(
        session.endpoint(),
        clock=session.clock,
        tls_context=session.implicit(),
        implicit=True,
        timeouts=session.timeouts,
    )
    try:
        if session.wants_tls(offered="STLS" in client.capabilities):
            await client.stls(session.context())
        mechanism = session.mechanism(client.mechanisms, client)
        if mechanism is not None:
            await client.log_in(mechanism)
        else:
            await client.login(*session.insist_on_clear(client))
        yield client
        await client.quit()
    except BaseException:
        client.abort()
        raise


async def get(session: Session, sink: Sink) -> None:
    """Fetch a message."""
    number = message_number(session.target)
    async with _client(session) as client:
        sink.begin(await client.size(number))
        await client.retr(number, sink.write)


async def ls(session: Session) -> Listing:
    """List the maildrop."""
    if session.target.path not in ("", "/"):
        raise BadURL("a maildrop has no folders: pop3://HOST/")
    async with _client(session) as client:
        sizes = await client.list()
        names: dict[int, str] = {}
        with contextlib.suppress(POP3Refused):  # UIDL is optional (RFC 1939, 7)
            names = dict(await client.uidl())
    return Listing(
        ("number", "octets", "uid"),
        [(number, octets, names.get(number)) for number, octets in sizes],
    )


CLIENT: Final = Client(
    get=get,
    ls=ls,
    failures=Failures(
        codes=(((LoginRefused,), Exit.LOGIN), ((POP3Refused,), Exit.REFUSED)),
        not_offered=(NotOffered,),
    ),
)
