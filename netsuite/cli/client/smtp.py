"""smtp and smtps: send."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

import click

from netsuite.cli.client.files import Letter, pieces_of
from netsuite.cli.client.problems import LoginFailed, NotGiven, PartlyTaken, printable
from netsuite.cli.client.session import ClientSession, ended, own_name
from netsuite.connection.errors import ClientError
from netsuite.message.address import Address
from netsuite.smtp.client import SMTPClient, connect
from netsuite.smtp.client.content import HEADER_OCTETS, needs_utf8
from netsuite.smtp.commands import Mail, Rcpt


@contextlib.asynccontextmanager
async def _client(session: ClientSession) -> AsyncIterator[SMTPClient]:
    """Return a client, which has logged in where there is a login. Raises LoginFailed."""
    client = await connect(session.endpoint(), helo=own_name(), **session.way())

    async def end() -> None:
        # What is said to a goodbye changes nothing of what has been taken, or not.
        with contextlib.suppress(ClientError):
            await client.quit()

    async with ended(end, client.abort):
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
    """Send a message; tell of each recipient that is not taken.

    Raises:
        NotGiven: no recipient is taken.
        PartlyTaken: some are.
    """
    header = letter.file.read(HEADER_OCTETS)
    letter.file.seek(0)
    mail = Mail(
        sender,
        size=letter.octets,
        body="7BIT" if letter.ascii else "8BITMIME",
        utf8=needs_utf8(header),
    )
    async with _client(session) as client:
        session.progress.begin(letter.octets)
        results = await client.send(
            mail, [Rcpt(each) for each in recipients], pieces_of(letter.file, session.progress)
        )
    refused = [f"{each.recipient}: {each.reply}" for each in results if not each.taken]
    session.progress.end()
    if not refused:
        return
    for each in refused[:-1]:
        click.echo(f"netsuite: {printable(each)}", err=True)
    raise (NotGiven if len(refused) == len(results) else PartlyTaken)(refused[-1])
