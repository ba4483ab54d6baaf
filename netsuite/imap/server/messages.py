"""Changing messages: STORE, COPY, MOVE, EXPUNGE, and their UID forms.

See RFC 3501, 6.4; RFC 4315 (UIDPLUS); RFC 6851 (MOVE); RFC 7162, 3.1.3 (UNCHANGEDSINCE).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from netsuite.accounts.interfaces import MailAccess
from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import Code, Completion, Condition, CopyUid, Status, no, ok
from netsuite.imap.grammar.fetch_response import (
    flags_item,
    format_fetch,
    format_uid_fetch,
    modseq_item,
    uid_item,
)
from netsuite.imap.sequences import SequenceSet
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.store.errors import MovedInPart, StoreError
from netsuite.store.model import Copied, FlagAction, FlagsStored

#: FETCH responses of a STORE that are sent in one piece.
_RESPONSES_AT_ONCE: Final = 1000


def _named_uids(session: Session, request: ask.Store | ask.Copy | ask.Move) -> Sequence[int]:
    """Return the UIDs a command names. Raises BadNumber."""
    view = session.mailbox.view
    return view.uids(view.spans(request.numbers, by_uid=request.by_uid))


# -- STORE ----------------------------------------------------------------------------------------


async def store(session: Session, request: ask.Store) -> Completion:
    """Change flags, and tell of them where that is wanted."""
    uids = _named_uids(session, request)
    selected = session.mailbox
    new = sum(not selected.knows(flag) for flag in request.flags)
    if new and selected.keywords() + new > session.shared.settings.keywords:
        return no("Too many different keywords", Code("LIMIT"))
    if request.unchanged_since is not None:
        session.modseqs = True
    stored = await selected.mail.store_flags(
        selected.folder.id,
        uids,
        FlagAction[request.action.name],
        request.flags,
        unchanged_since=request.unchanged_since,
    )
    # The feed has told us of our own change too: the client is told once, or not at all; but of
    # what others changed it is told, however silent its own change is (RFC 3501, 6.4.6).
    if request.silent:
        selected.view.forget_own(stored.changed, stored.taken)
    else:
        selected.view.forget_flags(stored.changed)
    session.writer.write(selected.new_keywords(flags for flags, _ in stored.changed.values()))
    if not request.silent or session.modseqs:
        await _tell_stored(session, selected, request, stored)
    if stored.refused:
        view = selected.view
        refused = stored.refused if request.by_uid else view.numbers(stored.refused)
        return ok("Some had been changed", Code("MODIFIED", SequenceSet.of(sorted(refused))))
    # RFC 2180, 4.2.1: what is left has been stored, and silently is how it was wanted.
    if not (request.by_uid or request.silent) and len(stored.changed) < len(uids):
        return replies.EXPUNGED
    return ok("Stored")


async def _tell_stored(
    session: Session, selected: Selected, request: ask.Store, stored: FlagsStored
) -> None:
    """Send a FETCH for each message. With CONDSTORE a silent one still says the new
    mod-sequence (RFC 7162, 3.1.3)."""
    view = selected.view
    out: list[bytes] = []
    for uid in sorted(stored.changed):
        number = view.number(uid)
        if not number:
            continue
        flags, modseq = stored.changed[uid]
        items = []
        if not request.silent:
            items.append(flags_item(flags, view.is_recent(uid)))
        if session.modseqs:
            items.append(modseq_item(modseq))
        if session.uid_only:
            out.append(format_uid_fetch(uid, items))
        else:
            if request.by_uid or session.modseqs:
                items.insert(0, uid_item(uid))
            out.append(format_fetch(number, items))
        if len(out) == _RESPONSES_AT_ONCE:
            session.writer.write(b"".join(out))
            out.clear()
            await session.writer.writable()
    session.writer.write(b"".join(out))


# -- COPY and MOVE --------------------------------------------------------------------------------


async def copy(session: Session, request: ask.Copy | ask.Move) -> Completion:
    """Put messages into another mailbox, too or instead."""
    uids = _named_uids(session, request)
    selected = session.mailbox
    if not uids:
        return ok("No messages")
    moving = isinstance(request, ask.Move)
    put = selected.mail.move if moving else selected.mail.copy
    try:
        copied = await put(selected.folder.id, uids, request.mailbox)
    except MovedInPart as error:
        # The client may know where those are that went (RFC 6851, 3.3 and 4.3).
        code = await _copy_uid(session, request.mailbox, error.moved)
        session.say(Condition(Status.OK, "Some were moved", code))
        raise error.reason from error
    if not copied.uids and not request.by_uid:
        return replies.EXPUNGED  # RFC 2180, 4.4.1; by UID they are just not there
    code = await _copy_uid(session, request.mailbox, copied)
    if not moving:
        return ok("Copied", code)
    # RFC 6851, 4.3: COPYUID comes untagged, before the EXPUNGEs.
    if code is not None:
        session.say(Condition(Status.OK, "Moved", code))
    return ok("Moved")


async def _copy_uid(session: Session, mailbox: str, copied: Copied) -> Code | None:
    if not copied.uids or not await _may_know(session.mail, mailbox):
        return None
    sources, uids = SequenceSet.of(copied.sources), SequenceSet.of(copied.uids)
    return Code("COPYUID", CopyUid(copied.uid_validity, sources, uids))


async def _may_know(mail: MailAccess, mailbox: str) -> bool:
    """Return whether a client may hear of UIDs: not of those in a mailbox that it may not open (RFC
    4315, 3)."""
    if not mailbox.startswith((mail.others_prefix, mail.public_prefix)):
        return True
    try:
        return "r" in (await mail.folder(mailbox)).rights
    except StoreError:
        return False


# -- EXPUNGE --------------------------------------------------------------------------------------


async def expunge(session: Session, request: ask.Expunge) -> Completion:
    """Remove what is marked as deleted."""
    selected = session.mailbox
    view = selected.view
    uids = None
    if request.uids is not None:
        uids = view.uids(view.spans(request.uids, by_uid=True))
    # The feed has told us what is gone; with the completion the client is told, too, and up to
    # which mod-sequence it then knows all (RFC 7162, 3.2.7).
    await selected.mail.expunge(selected.folder.id, uids)
    return ok("Expunged")


HANDLERS = handlers(store, copy, expunge)
