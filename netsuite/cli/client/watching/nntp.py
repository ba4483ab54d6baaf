"""New articles of a newsgroup, asked for again and again; or of all groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from netsuite.cli.client.nntp import logged_in
from netsuite.cli.client.results import Fact, Result
from netsuite.cli.client.session import ClientSession
from netsuite.cli.client.urls import BadURL, news_path
from netsuite.cli.client.watching import Watching, ask_again_and_again
from netsuite.connection.errors import Refusal
from netsuite.message.words import decode_words
from netsuite.nntp.client import NNTPClient
from netsuite.nntp.commands import Range

#: What NEWNEWS is asked for twice: a server's seconds are not told to the octet.
_OVERLAP: Final = timedelta(seconds=2)
_LONG_AGO: Final = datetime(1970, 1, 2, tzinfo=UTC)


async def watch(session: ClientSession, watching: Watching) -> None:
    """Show articles as they come: of the URL's group by their numbers, without one the
    Message-IDs that NEWNEWS has."""
    path = news_path(session.target)
    if path.number is not None or path.message_id or path.several is not None:
        raise BadURL("a newsgroup is watched, not an article")
    look = _Group(path.group, watching) if path.group else _All(watching)
    await ask_again_and_again(session, logged_in, look.look, watching)


class _Group:
    """What is new in one group."""

    def __init__(self, name: str, watching: Watching) -> None:
        self._name = name
        self._last: int | None = 0 if watching.everything else None

    async def look(self, client: NNTPClient) -> Iterable[Result]:
        group = await client.group(self._name)
        last, self._last = self._last, group.high
        if last is None or group.high <= last or not group.count:
            return []
        return await _overview(client, Range(max(last + 1, group.low), group.high))


async def _overview(client: NNTPClient, wanted: Range) -> Iterable[Result]:
    found = []
    try:
        async for line in client.over(wanted):
            sender, subject = (
                decode_words(each.encode("utf-8", "surrogateescape"))
                for each in (line.sender, line.subject)
            )
            facts: Mapping[str, Fact] = {
                "number": line.number,
                "message-id": line.message_id,
                "subject": subject,
            }
            found.append(Result("new", facts, {"from": sender, "date": line.date}))
    except Refusal as error:
        if error.code not in (420, 423):  # those: they have gone meanwhile
            raise
    return found


class _All:
    """What is new in all groups, by the server's own clock."""

    def __init__(self, watching: Watching) -> None:
        self._everything = watching.everything
        self._since: datetime | None = None
        self._seen: set[str] = set()

    async def look(self, client: NNTPClient) -> Iterable[Result]:
        now = await client.date()
        since, first = self._since, self._since is None
        if since is None:
            since = _LONG_AGO if self._everything else now - _OVERLAP
        self._since = now - _OVERLAP
        found = {each: None async for each in client.newnews("*", since)}
        new = [each for each in found if each not in self._seen]
        self._seen = set(found)
        if first and not self._everything:
            return []
        return [Result("new", {"message-id": each}) for each in new]
