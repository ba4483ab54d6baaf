"""Messages and mailboxes removed, moved and made by IMAP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final

from netsuite.cli.client.changing import Changes, Place, Removing
from netsuite.cli.client.imap import logged_in
from netsuite.cli.client.problems import NotGiven, Usage
from netsuite.cli.client.results import Fact, Result
from netsuite.cli.client.urls import BadURL, MailboxPath, Target, mailbox_path
from netsuite.connection.errors import Refusal
from netsuite.imap.client import IMAPClient
from netsuite.imap.commands.requests import StoreAction
from netsuite.imap.commands.responses import Listed
from netsuite.imap.commands.search import Every, Flagged, Negated, Numbered
from netsuite.imap.sequences import SequenceSet

_DELETED: Final = "\\Deleted"


async def remove(place: Place[IMAPClient], how: Removing) -> AsyncIterator[Result]:
    """Remove a message, into the trash where there is one; or a mailbox, and those below it."""
    path, client = _named(place.target), place.client
    if path.uid is None:
        if not how.recursive:
            raise Usage(f"{path.mailbox} is a mailbox: -r removes it with all that is in it")
        for each in await _below(client, path.mailbox):
            await client.delete(each)
            yield Result("removed", {"mailbox": each})
        return
    await _select(client, path)
    trash = "" if how.for_good else await _trash(client)
    facts: Mapping[str, Fact] = {"mailbox": path.mailbox, "uid": path.uid}
    if trash and trash != path.mailbox:
        await client.move(path.uid, trash)
        yield Result("moved", {**facts, "to": trash})
    else:
        await _expunge(client, path.uid)
        yield Result("removed", facts)


async def _select(client: IMAPClient, path: MailboxPath) -> None:
    """Open the mailbox of a message, and see that it is there. Raises NotGiven."""
    assert path.uid is not None
    opened = await client.select(path.mailbox)
    there = path.uid_validity in (None, opened.uid_validity)
    if not there or not await client.search(Numbered(SequenceSet.of([path.uid]), by_uid=True)):
        raise NotGiven(f"there is no such message in {path.mailbox}")


async def _trash(client: IMAPClient) -> str:
    """Return the mailbox for what is thrown away (RFC 6154); empty where there is none."""
    if client.offers("SPECIAL-USE") and client.offers("LIST-EXTENDED"):
        found = [each.listed for each in await client.list_extended(returns=["SPECIAL-USE"])]
    else:
        found = list(await client.list())
    return next((each.mailbox for each in found if _has(each, "\\trash")), "")


def _has(listed: Listed, attribute: str) -> bool:
    return attribute in {each.lower() for each in listed.attributes}


async def _expunge(client: IMAPClient, uid: int) -> None:
    """Remove a message, and no other. Raises NotGiven where that cannot be."""
    await client.store(uid, StoreAction.ADD, [_DELETED], silent=True)
    if client.offers("UIDPLUS"):
        await client.expunge(uid)
        return
    own = Numbered(SequenceSet.of([uid]), by_uid=True)
    if await client.search(Every((Flagged(_DELETED), Negated(own)))):
        raise NotGiven("the message is marked, and stays: others are marked as deleted, and the "
                       "server has no way to remove it alone")  # fmt: skip
    await client.expunge()


async def _below(client: IMAPClient, mailbox: str) -> list[str]:
    """Return a mailbox and those below it, the deepest first."""
    found = await client.list(mailbox)
    separator = next((each.separator for each in found if each.mailbox == mailbox), None)
    below: list[str] = []
    if separator:
        start = f"{mailbox}{separator}"
        # Letters that are a pattern's are in names, too.
        every = [each.mailbox for each in await client.list(f"{start}*")]
        below = [each for each in every if each.startswith(start)]
    return [*sorted(below, key=len, reverse=True), mailbox]


async def rename(place: Place[IMAPClient], to: Target) -> Result:
    """Move a message into another mailbox, or rename a mailbox."""
    path, into, client = _named(place.target), _named(to), place.client
    if into.uid is not None:
        raise BadURL("a message gets its UID from the server: name the mailbox it is moved to")
    name = into.mailbox.removesuffix("/")
    if path.uid is None:
        await client.rename(path.mailbox.removesuffix("/"), name)
        return Result("moved", {"mailbox": path.mailbox, "to": name})
    await _select(client, path)
    copied = await client.move(path.uid, name)
    uid = copied.uids.ranges[0][0] if copied is not None and copied.uids.ranges else None
    return Result("moved", {"mailbox": path.mailbox, "uid": path.uid, "to": name}, {"to-uid": uid})


async def make_directory(place: Place[IMAPClient], *, parents: bool) -> Result | None:
    """Make a mailbox, and those above it; subscribe it, so that mail clients show it."""
    path = _named(place.target)
    if path.uid is not None:
        raise BadURL("a message is no mailbox")
    name = path.mailbox.removesuffix("/")
    try:
        await place.client.create(name)
    except Refusal as error:
        if parents and error.code == "ALREADYEXISTS":
            return None
        raise
    with contextlib.suppress(Refusal):
        await place.client.subscribe(name)
    return Result("made", {"mailbox": name})


def _named(target: Target) -> MailboxPath:
    path = mailbox_path(target)
    if not path.mailbox.strip("/"):
        raise BadURL(f"{target.url} names no mailbox")
    return path


CHANGES: Final = Changes(
    opened=logged_in,
    remove=remove,
    rename=rename,
    make_directory=make_directory,
)
