"""Lists of groups, and of what is new: LIST, NEWGROUPS, NEWNEWS. See RFC 3977, 7; RFC 6048."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from twisted.internet.task import deferLater

from netsuite.accounts.interfaces import Newsgroup, Newsroom
from netsuite.connection.server import handlers
from netsuite.message.overview import clean
from netsuite.nntp import commands as c
from netsuite.nntp import overview, replies
from netsuite.nntp.commands import Beginning, Status
from netsuite.nntp.server.session import Session
from netsuite.nntp.settings import Settings
from netsuite.nntp.wildmat import Matches, parse_wildmat
from netsuite.store.errors import NoSuchFolder
from netsuite.wire.dates import parse_news_date
from netsuite.wire.events import BodyChunk, EndOfBody

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
    """Return name and description; nothing for a group that is not described (7.6.6)."""
    text = clean(group.description.encode("utf-8", "replace")).decode().strip()
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
    """Return the lists that are kept, as CAPABILITIES names them."""
    there = [keyword for keyword, (_, lines) in _OF_SETTINGS.items() if lines(settings)]
    if settings.subscriptions:
        there.append("SUBSCRIPTIONS")
    return sorted([*_OF_GROUPS, "MODERATORS", *there])


async def list_command(session: Session, command: c.ListCommand) -> Status | None:
    """Say a list. See RFC 3977, 7.6, and RFC 6048, 2."""
    room, keyword = session.room, command.keyword
    if keyword in _OF_SETTINGS:
        announced, lines_of = _OF_SETTINGS[keyword]
        lines = lines_of(session.shared.settings)
        if not lines:
            return replies.NOT_KEPT
        session.say_lines(215, announced, lines)
        return None
    matches = parse_wildmat(command.argument or "*")
    if keyword == "SUBSCRIPTIONS":
        return await _say_subscriptions(session, room, matches)
    if keyword == "MODERATORS":
        await _say_groups(session, 215, _moderators(session), lambda group: bool(group.moderator))
    else:
        await _say_groups(session, 215, _OF_GROUPS[keyword], lambda group: matches(group.name))
    return None


def _moderators(session: Session) -> Callable[[Newsgroup], str]:
    """Return what says where a group's articles are mailed to (RFC 6048, 2.4)."""
    policy = session.shared.newsroom.policy

    def line(group: Newsgroup) -> str:
        address = policy.moderator_address(group.moderator or "")
        return f"{group.name}:{address.replace('%', '%%')}" if address else ""

    return line


async def _say_subscriptions(session: Session, room: Newsroom, matches: Matches) -> Status | None:
    """Say which of the groups recommended are here, in their order (RFC 6048, 2.6)."""
    wanted = session.shared.settings.subscriptions
    if not wanted:
        return replies.NOT_KEPT
    here = {group.name for group in await room.groups()}
    names = [name for name in dict.fromkeys(wanted) if name in here and matches(name)]
    session.say_lines(215, "Newsgroups recommended", names)
    return None


async def newgroups(session: Session, command: c.NewGroups) -> Status | None:
    """Say which groups are new. See RFC 3977, 7.3."""
    since = parse_news_date(command.date.encode(), command.time.encode(), session.now())
    if since is None:
        return replies.BAD_DATE
    moment = since
    await _say_groups(
        session, 231, _active, lambda group: group.created is not None and group.created >= moment
    )
    return None


async def newnews(session: Session, command: c.NewNews) -> Status | None:
    """Say which articles are new. See RFC 3977, 7.4."""
    room = session.room
    since = parse_news_date(command.date.encode(), command.time.encode(), session.now())
    if since is None:
        return replies.BAD_DATE
    matches = parse_wildmat(command.wildmat)
    groups = await room.groups()
    session.say(Beginning(230, "New articles follow"))
    async for some in _in_turns(session, groups):
        for group in some:
            if group.count and matches(group.name):
                await _say_new(session, room, group, since)
    session.say(EndOfBody())
    return None


async def _in_turns(
    session: Session, groups: Sequence[Newsgroup]
) -> AsyncIterator[Sequence[Newsgroup]]:
    """Return groups, some at a time; between them all other connections have their turn, also when
    few names match and so no buffer fills."""
    for start in range(0, len(groups), GROUPS_AT_ONCE):
        if start:
            await deferLater(session.clock, 0)
        yield groups[start : start + GROUPS_AT_ONCE]


async def _say_new(session: Session, room: Newsroom, group: Newsgroup, since: datetime) -> None:
    try:
        numbers = await room.arrived_since(group, since)
    except NoSuchFolder:
        return  # it was removed while we looked
    for start in range(0, len(numbers), ARTICLES_AT_ONCE):
        some = await room.described(group.id, numbers[start : start + ARTICLES_AT_ONCE])
        session.say(BodyChunk(_joined(room.message_id(each) for each in some)))
        await session.writer.writable()


async def _say_groups(
    session: Session,
    code: int,
    line: Callable[[Newsgroup], str],
    wanted: Callable[[Newsgroup], bool],
) -> None:
    groups = await session.room.groups()
    session.say(Beginning(code, "Newsgroups follow"))
    async for some in _in_turns(session, groups):
        session.say(BodyChunk(_joined(line(group) for group in some if wanted(group))))
        await session.writer.writable()
    session.say(EndOfBody())


def _joined(lines: Iterable[str]) -> bytes:
    return "".join([f"{line}\r\n" for line in lines if line]).encode("utf-8", "replace")


HANDLERS = handlers(list_command, newgroups, newnews)
