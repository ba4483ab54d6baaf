"""smtp, smtps and lmtp: send."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import click

from netsuite.cli.client.access import Access
from netsuite.cli.client.envelope import Envelope
from netsuite.cli.client.files import Letter, pieces_of
from netsuite.cli.client.problems import LoginFailed, NotGiven, PartlyTaken, printable
from netsuite.cli.client.results import Result
from netsuite.cli.client.running import run
from netsuite.cli.client.session import ClientSession, Login, ended, own_name
from netsuite.cli.client.urls import Target
from netsuite.connection.errors import ClientError
from netsuite.smtp.client import SMTPClient, connect
from netsuite.smtp.client.content import HEADER_OCTETS, needs_utf8
from netsuite.smtp.commands import Mail, Rcpt

#: RFC 4954, 6: authentication required.
LOGIN_WANTED: Final = 530


@contextlib.asynccontextmanager
async def logged_in(session: ClientSession) -> AsyncIterator[SMTPClient]:
    """Return a client, which has logged in where there is a login. Raises LoginFailed."""
    lmtp = session.target.scheme == "lmtp"
    client = await connect(session.endpoint(), helo=own_name(), lmtp=lmtp, **session.way())

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
    session: ClientSession, letter: Letter, envelope: Envelope, *, as_json: bool = False
) -> None:
    """Send a message; print what is said of each recipient, of one that is not taken as a
    complaint; or of each an object of JSON.

    Raises:
        LoginFailed: no recipient is taken, for want of a login.
        NotGiven: no recipient is taken.
        PartlyTaken: some are.
    """
    header = letter.file.read(HEADER_OCTETS)
    letter.file.seek(0)
    mail = Mail(
        envelope.sender,
        size=letter.octets,
        body="7BIT" if letter.ascii else "8BITMIME",
        utf8=needs_utf8(header),
        ret=envelope.ret,
        envelope_id=envelope.envelope_id,
    )
    recipients = [Rcpt(each, notify=envelope.notify) for each in envelope.recipients]
    async with logged_in(session) as client:
        if envelope.wants_reports and "DSN" not in client.extensions:
            place = session.target.place
            click.echo(f"netsuite: {place} offers no DSN: no reports are asked for", err=True)
        session.progress.begin(letter.octets)
        results = await client.send(mail, recipients, pieces_of(letter.file, session.progress))
    session.progress.end()
    for result in results:
        if as_json:
            facts = {"recipient": str(result.recipient), "reply": str(result.reply)}
            Result("taken" if result.taken else "refused", facts).show(as_json=True)
        elif result.taken:
            click.echo(printable(f"{result.recipient}: {result.reply}"))
    refused = [f"{each.recipient}: {each.reply}" for each in results if not each.taken]
    if not refused:
        return
    for each in refused[:-1]:
        click.echo(f"netsuite: {printable(each)}", err=True)
    if len(refused) < len(results):
        raise PartlyTaken(refused[-1])
    wanting = all(each.reply.code == LOGIN_WANTED for each in results)
    raise (LoginFailed if wanting else NotGiven)(refused[-1])


def send_letter(
    target: Target,
    access: Access,
    login: Login | None,
    letter: Letter,
    envelope: Envelope,
    *,
    as_json: bool,
) -> None:
    """Send a message, in a session of its own; exit unless everybody gets it."""
    run(
        target, access, login,
        lambda session: send(session, letter, envelope, as_json=as_json),
    )  # fmt: skip
