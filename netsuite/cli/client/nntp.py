"""news, nntp and nntps: get, ls and post."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Final

from netsuite.cli.client.destination import Destination
from netsuite.cli.client.files import Letter, Output, pieces_of
from netsuite.cli.client.listing import Cell, Listing
from netsuite.cli.client.problems import NotGiven
from netsuite.cli.client.session import ClientSession, ended
from netsuite.cli.client.transfers import Client
from netsuite.cli.client.urls import BadURL, news_path
from netsuite.connection.errors import Refusal
from netsuite.message.words import decode_words
from netsuite.nntp.client import NNTPClient, connect
from netsuite.nntp.commands import Range


@contextlib.asynccontextmanager
async def logged_in(session: ClientSession) -> AsyncIterator[NNTPClient]:
    """Return a client, which has logged in where there is a login."""
    client = await connect(session.endpoint(), **session.way())
    async with ended(client.quit, client.abort):
        await session.begin_tls(client.starttls, offered="STARTTLS" in client.capabilities)
        if session.login is not None:
            await session.log_in(client)
        yield client


async def get(session: ClientSession, output: Output) -> None:
    """Fetch an article."""
    path = news_path(session.target)
    if path.number is None and not path.message_id:
        raise BadURL("which article? nntp://HOST/GROUP/1, or news://HOST/MESSAGE-ID")
    async with logged_in(session) as client:
        if path.message_id:
            await client.article(path.message_id, output.write)
        else:
            await client.group(path.group)
            await client.article(path.number, output.write)


async def get_several(session: ClientSession, destination: Destination) -> None:
    """Fetch the articles of a newsgroup whose numbers a URL has."""
    path = news_path(session.target)
    wanted = path.several
    assert wanted is not None  # by what has chosen this
    async with logged_in(session) as client:
        group, numbers = await client.listgroup(path.group)
        chosen = [number for number in numbers if number in wanted]
        if not chosen:
            raise NotGiven(f"there are no such articles in {group.name}")
        refused = await client.fetch(chosen, destination.messages())
    for number, status in refused.items():
        destination.failed(f"article {number}", status.text)


async def post(session: ClientSession, letter: Letter) -> None:
    """Post an article."""
    async with logged_in(session) as client:
        session.progress.begin(letter.octets)
        await client.post(pieces_of(letter.file, session.progress))


async def ls(session: ClientSession) -> Listing:
    """List newsgroups, or the articles of one."""
    path = news_path(session.target)
    if path.number is not None or path.message_id:
        raise BadURL("an article has nothing to list; get it")
    async with logged_in(session) as client:
        if not path.group:
            return await _groups(client)
        group = await client.group(path.group)
        found = await _overview(client, Range(group.low, group.high)) if group.count else []
    return Listing(("number", "octets", "date", "from", "subject", "message-id"), found)


async def _overview(client: NNTPClient, wanted: Range) -> list[Sequence[Cell]]:
    found: list[Sequence[Cell]] = []
    try:
        async for line in client.over(wanted):
            texts = _text(line.sender), _text(line.subject)
            found.append((line.number, line.octets, line.date, *texts, line.message_id))
    except Refusal as error:
        if error.code not in (420, 423):  # those: all of them have gone meanwhile
            raise
    return found


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
    get_several=get_several,
    ls=ls,
    post=post,
)
