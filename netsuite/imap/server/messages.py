"""Changing messages: STORE, COPY, MOVE, EXPUNGE, and their UID forms.

See RFC 3501, 6.4; RFC 4315 (UIDPLUS); RFC 6851 (MOVE); RFC 7162, 3.1.3 (UNCHANGEDSINCE).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Condition, CopyUid, Status
from netsuite.imap.grammar.printing import format_flag_set
from netsuite.imap.replies import store_reply
from netsuite.imap.sequences import SequenceSet, runs
from netsuite.imap.server.selected import Selected
from netsuite.imap.view import BadNumber
from netsuite.store.errors import NoSuchFolder
from netsuite.store.model import Copied, FlagAction, FlagsStored

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer

_ACTIONS: Final[Mapping[ask.StoreAction, FlagAction]] = {
    ask.StoreAction.ADD: FlagAction.ADD,
    ask.StoreAction.REMOVE: FlagAction.REMOVE,
    ask.StoreAction.REPLACE: FlagAction.REPLACE,
}


def named_uids(
    connection: IMAPServer, request: ask.Store | ask.Copy | ask.Move
) -> Sequence[int] | None:
    """Give the UIDs a command names; None when that was refused."""
    view = connection.open_mailbox.view
    try:
        return view.uids(view.spans(request.numbers, by_uid=request.by_uid))
    except BadNumber as error:
        connection.finish(Status.BAD, str(error))
        return None


# -- STORE ----------------------------------------------------------------------------------------


def _store(connection: IMAPServer, request: ask.Store) -> Awaitable[None] | None:
    uids = named_uids(connection, request)
    if uids is None:
        return None
    selected = connection.open_mailbox
    new = sum(not selected.knows(flag) for flag in request.flags)
    if new and selected.keywords() + new > connection.settings.keywords:
        connection.finish(Status.NO, "Too many different keywords", Code("LIMIT"))
        return None
    if request.unchanged_since is not None:
        connection.modseqs = True
    return _store_flags(connection, selected, request, uids)


async def _store_flags(
    connection: IMAPServer, selected: Selected, request: ask.Store, uids: Sequence[int]
) -> None:
    stored = await selected.mail.store_flags(
        selected.folder.id,
        uids,
        _ACTIONS[request.action],
        request.flags,
        unchanged_since=request.unchanged_since,
    )
    # The feed has told us of our own change too: the client is told once, or not at all.
    selected.view.forget_flags(stored.changed)
    connection.write(selected.new_keywords(flags for flags, _ in stored.changed.values()))
    if not request.silent or connection.modseqs:
        await _tell_stored(connection, selected, request, stored)
    if stored.refused:
        view = selected.view
        refused = stored.refused if request.by_uid else view.numbers(stored.refused)
        code = Code("MODIFIED", SequenceSet.of(sorted(refused)))
        connection.ok("Some had been changed", code)
    elif not request.by_uid and len(stored.changed) < len(uids):
        connection.finish(Status.NO, "Some of the messages no longer exist", Code("EXPUNGEISSUED"))
    else:
        connection.ok("Stored")


async def _tell_stored(
    connection: IMAPServer, selected: Selected, request: ask.Store, stored: FlagsStored
) -> None:
    """Say a FETCH for each message. With CONDSTORE a silent one still says the new
    mod-sequence (RFC 7162, 3.1.3)."""
    view = selected.view
    out: list[bytes] = []
    for uid in sorted(stored.changed):
        number = view.number(uid)
        if not number:
            continue
        flags, modseq = stored.changed[uid]
        words = []
        if request.by_uid or connection.modseqs:
            words.append(b"UID %d" % uid)
        if not request.silent:
            words.append(b"FLAGS " + format_flag_set(flags, view.is_recent(uid)))
        if connection.modseqs:
            words.append(b"MODSEQ (%d)" % modseq)
        out.append(b"* %d FETCH (%b)\r\n" % (number, b" ".join(words)))
        if len(out) == 1000:
            connection.write(b"".join(out))
            out.clear()
            await connection.writable()
    connection.write(b"".join(out))


# -- COPY and MOVE --------------------------------------------------------------------------------


def _copy(connection: IMAPServer, request: ask.Copy) -> Awaitable[None] | None:
    uids = named_uids(connection, request)
    return None if uids is None else _put(connection, request, uids)


def _move(connection: IMAPServer, request: ask.Move) -> Awaitable[None] | None:
    uids = named_uids(connection, request)
    return None if uids is None else _put(connection, request, uids)


async def _put(connection: IMAPServer, request: ask.Copy | ask.Move, uids: Sequence[int]) -> None:
    selected = connection.open_mailbox
    moving = isinstance(request, ask.Move)
    if not uids:
        connection.ok("No messages")
        return
    put = selected.mail.move if moving else selected.mail.copy
    try:
        copied = await put(selected.folder.id, uids, request.mailbox)
    except NoSuchFolder as error:
        refusal, text = store_reply(error, target=not selected.view.closed)
        connection.finish(Status.NO, text, refusal)
        return
    code = _copy_uid(copied)
    if not moving:
        connection.ok("Copied", code)
        return
    # RFC 6851, 4.3: COPYUID comes untagged, before the EXPUNGEs.
    if code is not None:
        connection.say(Condition(Status.OK, "Moved", code))
    selected.view.note_expunged(0, copied.sources)
    connection.ok("Moved")


def _copy_uid(copied: Copied) -> Code | None:
    if not copied.uids:
        return None
    sources = SequenceSet(tuple(runs(copied.sources)))
    return Code(
        "COPYUID", CopyUid(copied.uid_validity, sources, SequenceSet(tuple(runs(copied.uids))))
    )


# -- EXPUNGE --------------------------------------------------------------------------------------


async def _expunge(connection: IMAPServer, request: ask.Expunge) -> None:
    selected = connection.open_mailbox
    view = selected.view
    uids = None
    if request.uids is not None:
        uids = view.uids(view.spans(request.uids, by_uid=True))
    gone = await selected.mail.expunge(selected.folder.id, uids)
    view.note_expunged(0, gone)
    # RFC 7162, 3.2.7: who follows mod-sequences is told how far it has come.
    follows = connection.vanished and bool(gone)
    connection.ok("Expunged", Code("HIGHESTMODSEQ", view.modseq) if follows else None)


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    ask.Store: _store,
    ask.Copy: _copy,
    ask.Move: _move,
    ask.Expunge: _expunge,
}
