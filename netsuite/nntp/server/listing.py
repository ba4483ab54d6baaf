"""What there is: LIST and its variants, NEWGROUPS, NEWNEWS. See RFC 3977, 7, and RFC 6048."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from twisted.internet.task import deferLater

from netsuite.accounts.interfaces import Newsgroup, Newsroom
from netsuite.nntp import commands as c
from netsuite.nntp import overview, replies
from netsuite.nntp.commands import Beginning
from netsuite.nntp.settings import Settings
from netsuite.nntp.wildmat import BadWildmat, Matches, parse_wildmat
from netsuite.store.errors import NoSuchFolder, StoreError
from netsuite.wire.dates import parse_news_date
from netsuite.wire.events import BodyChunk, EndOfBody

if TYPE_CHECKING:
    from netsuite.nntp.server.session import NNTPServer

#: Groups whose lines are sent in one piece.
GROUPS_AT_ONCE: Final = 500
#: Articles whose Message-IDs are.
ARTICLES_AT_ONCE: Final = 256
#: Who made the groups, for LIST ACTIVE.TIMES (RFC 3977, 7.6.4).
CREATOR: Final = "netsuite"


def _status(group: Newsgroup) -> str:
    # RFC 3977, 7.6.3: y, n: no local posting, m: moderated
    if not group.postable:
        return "n"
    return "m" if group.moderator else "y"


def _active(group: Newsgroup) -> str:
    return f"{group.name} {group.high} {group.low} {_status(group)}"


def _active_times(group: Newsgroup) -> str:
    made = int(group.created.timestamp()) if group.created is not None else 0
    return f"{group.name} {made} {CREATOR}"


def _counts(group: Newsgroup) -> str:
    return f"{group.name} {group.high} {group.low} {group.count} {_status(group)}"


def _newsgroups(group: Newsgroup) -> str:
    """Give name and description; nothing for a group that is not described (7.6.6)."""
    text = overview.clean(group.description.encode("utf-8", "replace")).decode().strip()
    return f"{group.name}\t{text}" if text else ""


#: A line for each group; empty where there is nothing to say of one.
_OF_GROUPS: Final[Mapping[str, Callable[[Newsgroup], str]]] = {
    "ACTIVE": _active,
    "ACTIVE.TIMES": _active_times,
    "COUNTS": _counts,
    "NEWSGROUPS": _newsgroups,
}


def _distributions(settings: Settings) -> Sequence[str]:
    return ["\t".join(each.split(None, 1)).rstrip() for each in settings.distributions]


#: What settings say, the same for everybody: how it is announced, and its lines.
_OF_SETTINGS: Final[Mapping[str, tuple[str, Callable[[Settings], Sequence[str]]]]] = {
    "OVERVIEW.FMT": ("Order of fields in overview", lambda settings: overview.FORMAT),
    "HEADERS": ("Fields that HDR gives", lambda settings: overview.HEADERS),
    "MOTD": ("Message of the day", lambda settings: settings.motd.splitlines()),
    "DISTRIBUTIONS": ("Distributions", _distributions),
    "DISTRIB.PATS": ("Distributions by newsgroup", lambda s: s.distribution_patterns),
}


def keywords(settings: Settings) -> Sequence[str]:
    """Give the lists that are kept, as CAPABILITIES names them."""
    there = [keyword for keyword, (_, lines) in _OF_SETTINGS.items() if lines(settings)]
    if settings.subscriptions:
        there.append("SUBSCRIPTIONS")
    return sorted([*_OF_GROUPS, "MODERATORS", *there])


async def list_command(session: NNTPServer, event: c.ListCommand) -> None:
    """LIST."""
    keyword = event.keyword
    if keyword in _OF_SETTINGS:
        announced, lines_of = _OF_SETTINGS[keyword]
        lines = lines_of(session.settings)
        if lines:
            session.say_lines(215, announced, lines)
        else:
            session.say(replies.NOT_KEPT)
        return
    try:
        matches = parse_wildmat(event.argument or "*")
    except BadWildmat:
        session.say(replies.BAD_WILDMAT)
        return
    if keyword == "SUBSCRIPTIONS":
        await _say_subscriptions(session, matches)
    elif keyword == "MODERATORS":
        await _say_groups(session, 215, _moderators(session), lambda group: bool(group.moderator))
    else:
        await _say_groups(session, 215, _OF_GROUPS[keyword], lambda group: matches(group.name))


def _moderators(session: NNTPServer) -> Callable[[Newsgroup], str]:
    """Give what says where a group's articles are mailed to (RFC 6048, 2.4)."""
    policy = session.shared.room.policy

    def line(group: Newsgroup) -> str:
        address = policy.moderator_address(group.moderator or "")
        return f"{group.name}:{address.replace('%', '%%')}" if address else ""

    return line


async def _say_subscriptions(session: NNTPServer, matches: Matches) -> None:
    """Say which of the groups recommended are here, in their order (RFC 6048, 2.6)."""
    assert session.room is not None
    wanted = session.settings.subscriptions
    if not wanted:
        session.say(replies.NOT_KEPT)
        return
    try:
        here = {group.name for group in await session.room.groups()}
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    names = [name for name in dict.fromkeys(wanted) if name in here and matches(name)]
    session.say_lines(215, "Newsgroups recommended", names)


async def newgroups(session: NNTPServer, event: c.NewGroups) -> None:
    """NEWGROUPS. See RFC 3977, 7.3."""
    since = parse_news_date(event.date.encode(), event.time.encode(), session.now())
    if since is None:
        session.say(replies.BAD_DATE)
        return
    moment = since
    await _say_groups(
        session, 231, _active, lambda group: group.created is not None and group.created >= moment
    )


async def newnews(session: NNTPServer, event: c.NewNews) -> None:
    """NEWNEWS. See RFC 3977, 7.4."""
    room = session.room
    assert room is not None
    since = parse_news_date(event.date.encode(), event.time.encode(), session.now())
    if since is None:
        session.say(replies.BAD_DATE)
        return
    try:
        matches = parse_wildmat(event.wildmat)
        groups = await room.groups()
    except BadWildmat:
        session.say(replies.BAD_WILDMAT)
        return
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    session.say(Beginning(230, "New articles follow"))
    try:
        async for some in _in_turns(session, groups):
            for group in some:
                if group.count and matches(group.name):
                    await _say_new(session, room, group, since)
    except StoreError:
        session.log.failure("listing new articles on {name}", name=session.name)
        session.abort()  # what was said so far is not whole, and cannot be taken back
        return
    session.say(EndOfBody())


async def _in_turns(
    session: NNTPServer, groups: Sequence[Newsgroup]
) -> AsyncIterator[Sequence[Newsgroup]]:
    """Give groups, some at a time; between them all other connections have their turn, also when
    few names match and so no buffer fills."""
    for start in range(0, len(groups), GROUPS_AT_ONCE):
        if start:
            await deferLater(session.clock, 0)
        yield groups[start : start + GROUPS_AT_ONCE]


async def _say_new(session: NNTPServer, room: Newsroom, group: Newsgroup, since: datetime) -> None:
    try:
        numbers = await room.arrived_since(group, since)
    except NoSuchFolder:
        return  # it was removed while we looked
    for start in range(0, len(numbers), ARTICLES_AT_ONCE):
        some = await room.described(group.id, numbers[start : start + ARTICLES_AT_ONCE])
        session.say(BodyChunk(_joined(room.message_id(each) for each in some)))
        await session.writable()


async def _say_groups(
    session: NNTPServer,
    code: int,
    line: Callable[[Newsgroup], str],
    wanted: Callable[[Newsgroup], bool],
) -> None:
    assert session.room is not None
    try:
        groups = await session.room.groups()
    except StoreError as error:
        session.say(replies.for_error(error))
        return
    session.say(Beginning(code, "Newsgroups follow"))
    async for some in _in_turns(session, groups):
        session.say(BodyChunk(_joined(line(group) for group in some if wanted(group))))
        await session.writable()
    session.say(EndOfBody())


def _joined(lines: Iterable[str]) -> bytes:
    return "".join([f"{line}\r\n" for line in lines if line]).encode("utf-8", "replace")
