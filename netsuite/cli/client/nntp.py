"""news, nntp and nntps: get, ls and post."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from netsuite.cli.client.clients import Client
from netsuite.cli.client.exit_codes import Failures
from netsuite.cli.client.files import Letter, Sink, pieces_of
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.problems import Exit
from netsuite.cli.client.session import Session
from netsuite.cli.client.urls import BadURL, news_path
from netsuite.message.words import decode_words
from netsuite.nntp.client import LoginRefused, NNTPClient, NNTPRefused, NotOffered, connect
from netsuite.nntp.commands import Range


@contextlib.asynccontextmanager
async def _client(session: Session) -> AsyncIterator[NNTPClient]:
    """Give a client, which has logged in where there is a login."""
    client = await connect(
        session.endpoint(),
        clock=session.clock,
        tls_context=session.implicit(),
        implicit=True,
        timeouts=session.timeouts,
    )
    try:
        if session.wants_tls(offered="STARTTLS" in client.capabilities):
            await client.starttls(session.context())
        if session.login is not None:
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
    """Fetch an article."""
    path = news_path(session.target)
    if path.number is None and not path.message_id:
        raise BadURL("which article? nntp://HOST/GROUP/1, or news://HOST/MESSAGE-ID")
    async with _client(session) as client:
        if path.message_id:
            await client.article(path.message_id, sink.write)
        else:
            await client.group(path.group)
            await client.article(path.number, sink.write)


async def post(session: Session, letter: Letter) -> None:
    """Post an article."""
    async with _client(session) as client:
        session.bar.begin(letter.octets)
        await client.post(pieces_of(letter.file, session.bar))


async def ls(session: Session) -> Listing:
    """List newsgroups, or the articles of one."""
    path = news_path(session.target)
    if path.number is not None or path.message_id:
        raise BadURL("an article has nothing to list; get it")
    async with _client(session) as client:
        if not path.group:
            return await _groups(client)
        group = await client.group(path.group)
        found = []
        if group.count:
            with contextlib.suppress(_Nothing):
                async for each in _overview(client, Range(group.low, group.high)):
                    found.append(each)
    return Listing(("number", "octets", "date", "from", "subject", "message-id"), found)


class _Nothing(Exception):
    """There are no articles in the range."""


async def _overview(
    client: NNTPClient, wanted: Range
) -> AsyncIterator[tuple[int, int | None, str, str, str, str]]:
    try:
        async for line in client.over(wanted):
            yield (
                line.number, line.octets, line.date, _text(line.sender), _text(line.subject),
                line.message_id,
            )  # fmt: skip
    except NNTPRefused as error:
        if error.status.code in (420, 423):  # all of them have gone meanwhile
            raise _Nothing from None
        raise


def _text(field: str) -> str:
    return decode_words(field.encode("utf-8", "surrogateescape"))


async def _groups(client: NNTPClient) -> Listing:
    groups = await client.list_active()
    descriptions = {}
    with contextlib.suppress(NNTPRefused):  # optional (RFC 3977, 7.6.6)
        descriptions = dict(await client.list_newsgroups())
    return Listing(
        ("group", "low", "high", "status", "description"),
        [
            (each.name, each.low, each.high, each.status, descriptions.get(each.name, ""))
            for each in groups
        ],
    )


CLIENT: Final = Client(
    get=get,
    ls=ls,
    failures=Failures(
        codes=(((LoginRefused,), Exit.LOGIN), ((NNTPRefused,), Exit.REFUSED)),
        not_offered=(NotOffered,),
    ),
)
