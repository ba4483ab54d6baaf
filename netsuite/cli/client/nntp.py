"""news, nntp and nntps: get, ls and post."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from netsuite.cli.client.clients import Client
from netsuite.cli.client.files import Letter, pieces_of
from netsuite.cli.client.listing import Listing
from netsuite.cli.client.output import Output
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, news_path
from netsuite.connection.errors import Refusal
from netsuite.message.words import decode_words
from netsuite.nntp.client import NNTPClient, connect
from netsuite.nntp.commands import Range


@contextlib.asynccontextmanager
async def _client(session: ClientSession) -> AsyncIterator[NNTPClient]:
    """Return a client, which has logged in where there is a login."""
    client = await connect(
        session.endpoint(),
        clock=session.clock,
        tls_context=session.implicit(),
        implicit=True,
        timeouts=session.timeouts,
    )
    try:
        await session.begin_tls(client.starttls, offered="STARTTLS" in client.capabilities)
        if session.login is not None:
            await session.log_in(client)
        yield client
        await client.quit()
    except BaseException:
        client.abort()
        raise


async def get(session: ClientSession, output: Output) -> None:
    """Fetch an article."""
    path = news_path(session.target)
    if path.number is None and not path.message_id:
        raise BadURL("which article? nntp://HOST/GROUP/1, or news://HOST/MESSAGE-ID")
    async with _client(session) as client:
        if path.message_id:
            await client.article(path.message_id, output.write)
        else:
            await client.group(path.group)
            await client.article(path.number, output.write)


async def post(session: ClientSession, letter: Letter) -> None:
    """Post an article."""
    async with _client(session) as client:
        session.progress.begin(letter.octets)
        await client.post(pieces_of(letter.file, session.progress))


async def ls(session: ClientSession) -> Listing:
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
    except Refusal as error:
        if error.code in (420, 423):  # all of them have gone meanwhile
            raise _Nothing from None
        raise


def _text(field: str) -> str:
    return decode_words(field.encode("utf-8", "surrogateescape"))


async def _groups(client: NNTPClient) -> Listing:
    groups = await client.list_active()
    descriptions = {}
    with contextlib.suppress(Refusal):  # optional (RFC 3977, 7.6.6)
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
    post=post,
)
