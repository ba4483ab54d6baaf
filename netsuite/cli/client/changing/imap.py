"""Messages and mailboxes removed, moved and made by IMAP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
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
    """Remove messages, into the trash where there is one; or a mailbox, and those below it."""
    path, client = _named(place.target), place.client
    if _is_mailbox(path):
        if not how.recursive:
            raise Usage(f"{path.mailbox} is a mailbox: -r removes it with all that is in it")
        for mailbox in await _below(client, path.mailbox):
            await client.delete(mailbox)
            yield Result("removed", {"mailbox": mailbox})
        return
    uids = await _select(client, path)
    trash = "" if how.for_good else await _trash(client)
    if trash and trash != path.mailbox:
        await client.move(uids, trash)
    else:
        trash = ""
        await _expunge(client, uids)
    for uid in uids:
        facts: Mapping[str, Fact] = {"mailbox": path.mailbox, "uid": uid}
        yield Result("moved", {**facts, "to": trash}) if trash else Result("removed", facts)


def _is_mailbox(path: MailboxPath) -> bool:
    """Return whether no message is named. Raises BadURL for a part of one."""
    if path.section:
        raise BadURL("a section is a part of a message, which is changed as a whole")
    return path.uid is None and not path.several


async def _select(client: IMAPClient, path: MailboxPath) -> Sequence[int]:
    """Open the mailbox of messages; return the UIDs of those that are there. Raises NotGiven."""
    opened = await client.select(path.mailbox)
    numbers = SequenceSet.parse((path.several or str(path.uid)).encode("ascii"))
    if numbers is None:
        raise BadURL(f"{path.several} is no set of UIDs")
    uids: Sequence[int] = ()
    if path.uid_validity in (None, opened.uid_validity):
        uids = sorted(await client.search(Numbered(numbers, by_uid=True)))
    if not uids:
        raise NotGiven(f"there is no such message in {path.mailbox}")
    return uids


async def _trash(client: IMAPClient) -> str:
    """Return the mailbox for what is thrown away (RFC 6154); empty where there is none."""
    if client.offers("SPECIAL-USE") and client.offers("LIST-EXTENDED"):
        found = [each.listed for each in await client.list_extended(returns=["SPECIAL-USE"])]
    else:
        found = list(await client.list())
    told = [each.mailbox for each in found if _has(each, "\\trash")]
    # A server that does not tell uses of mailboxes has one of that name all the same.
    named = [each.mailbox for each in found if each.mailbox.lower() == "trash"]
    return next(iter([*told, *named]), "")


def _has(listed: Listed, attribute: str) -> bool:
    return attribute in {each.lower() for each in listed.attributes}


async def _expunge(client: IMAPClient, uids: Sequence[int]) -> None:
    """Remove messages, and no others. Raises NotGiven where that cannot be."""
    await client.store(uids, StoreAction.ADD, [_DELETED], silent=True)
    if client.offers("UIDPLUS"):
        await client.expunge(uids)
        return
    own = Numbered(SequenceSet.of(uids), by_uid=True)
    if await client.search(Every((Flagged(_DELETED), Negated(own)))):
        raise NotGiven(
            "it is marked, and stays: others are marked as deleted, too, and the server has no way "
            "to remove some of them alone"
        )
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
    """Move messages into another mailbox, or rename a mailbox."""
    path, into, client = _named(place.target), _named(to), place.client
    if not _is_mailbox(into):
        raise BadURL("a message gets its UID from the server: name the mailbox it is moved to")
    name = into.mailbox.removesuffix("/")
    if _is_mailbox(path):
        await client.rename(path.mailbox.removesuffix("/"), name)
        return Result("moved", {"mailbox": path.mailbox, "to": name})
    uids = await _select(client, path)
    copied = await client.move(uids, name)
    facts: Mapping[str, Fact] = {"mailbox": path.mailbox, "uids": _text(SequenceSet.of(uids))}
    now = None if copied is None else _text(copied.uids)
    return Result("moved", {**facts, "to": name}, {"to-uids": now})


def _text(numbers: SequenceSet) -> str:
    return bytes(numbers).decode("ascii")


async def make_directory(place: Place[IMAPClient], *, parents: bool) -> Result | None:
    """Make a mailbox, and those above it; subscribe it, so that mail clients show it."""
    path = _named(place.target)
    if not _is_mailbox(path):
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
