"""smtp and smtps: send."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

import click

from netsuite.cli.client.files import Letter, pieces_of
from netsuite.cli.client.problems import LoginFailed, NotGiven, printable
from netsuite.cli.client.session import ClientSession, ended, own_name
from netsuite.message.address import Address
from netsuite.smtp.client import SMTPClient, connect
from netsuite.smtp.commands import Mail, Rcpt


@contextlib.asynccontextmanager
async def _client(session: ClientSession) -> AsyncIterator[SMTPClient]:
    """Return a client, which has logged in where there is a login. Raises LoginFailed."""
    client = await connect(session.endpoint(), helo=own_name(), **session.way())
    async with ended(client.quit, client.abort):
        await session.begin_tls(client.starttls, offered="STARTTLS" in client.extensions)
        if session.login is not None:
            mechanism = session.mechanism(client.mechanisms, client.peer)
            if mechanism is None:
                raise LoginFailed(f"{session.target.place} offers no login that may be used")
            await client.authenticate(mechanism)
        yield client


async def send(
    session: ClientSession, letter: Letter, sender: Address | None, recipients: Sequence[Address]
) -> None:
    """Send a message; tell of each recipient that is not taken. Raises NotGiven if there is one."""
    mail = Mail(sender, size=letter.octets, body="" if letter.ascii else "8BITMIME")
    async with _client(session) as client:
        session.progress.begin(letter.octets)
        results = await client.send(
            mail, [Rcpt(each) for each in recipients], pieces_of(letter.file, session.progress)
        )
    refused = [each for each in results if not each.taken]
    session.progress.end()
    for each in refused[:-1]:
        click.echo(f"netsuite: {printable(f'{each.recipient}: {each.reply}')}", err=True)
    if refused:
        raise NotGiven(f"{refused[-1].recipient}: {refused[-1].reply}")
