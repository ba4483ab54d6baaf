"""Opening and leaving a mailbox: SELECT, EXAMINE, CHECK, CLOSE, UNSELECT, and waiting in IDLE.

See RFC 3501, 6.3.1, 6.3.2, 6.4.1 and 6.4.2; RFC 3691; RFC 2177; RFC 7162, 3.1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from netsuite.imap.commands import requests as ask
from netsuite.imap.commands.responses import (
    Code,
    Condition,
    Continue,
    Exists,
    FlagsData,
    Recent,
    Status,
)
from netsuite.imap.replies import store_reply
from netsuite.imap.server.resync import absence
from netsuite.imap.server.selected import Selected
from netsuite.imap.view import MailboxView
from netsuite.store.errors import StoreError
from netsuite.store.model import Status as Counts

if TYPE_CHECKING:
    from netsuite.imap.server.connection import IMAPServer


async def _select(connection: IMAPServer, request: ask.Select | ask.Examine) -> None:
    mail = connection.access
    if request.resync is not None and not connection.vanished:
        connection.finish(Status.BAD, "Enable QRESYNC first")
        return
    if connection.selected is not None:
        connection.deselect()
        connection.say(Condition(Status.OK, "Left the mailbox", Code("CLOSED")))
    if request.condstore:
        connection.modseqs = True
    selected = None
    try:
        folder = await mail.folder(request.mailbox)
        read_only = isinstance(request, ask.Examine)
        selected = Selected(mail, folder, read_only=read_only, changed=connection.wake)
        # Changes are heard from here on, so nothing falls between these reads.
        counts = await mail.folder_status(folder.id)
        uids = await mail.uids(folder.id)
        recent_from = await _recent_from(selected, counts)
        away = await absence(selected, request.resync, counts.folder.uid_validity)
    except StoreError as error:
        if selected is not None:
            selected.close()
        code, text = store_reply(error)
        connection.finish(Status.NO, text, code)
        return
    except BaseException:
        if selected is not None:
            selected.close()
        raise
    modseq = counts.folder.highest_modseq
    view = MailboxView(uids, recent_from=recent_from, modseq=modseq)
    _tell_opened(connection, selected, view, counts)
    if away is not None:
        away.tell(connection, selected, view)
    mode = Code("READ-ONLY" if read_only else "READ-WRITE")
    connection.ok("Examined" if read_only else "Selected", mode)
    # What happened meanwhile is told with the next command, or in IDLE.
    selected.opened(view)
    connection.selected = selected
    connection.wake()


async def _recent_from(selected: Selected, counts: Counts) -> int:
    """Give the first UID that is recent in this session (RFC 3501, 2.3.2)."""
    if selected.claims_recent:
        return await selected.mail.claim_recent(selected.folder.id)
    if selected.mail.writable(selected.folder):
        return counts.folder.recent_from  # EXAMINE leaves it to the next SELECT
    # Where nobody here may claim them, as in a newsgroup, messages would be recent for ever.
    return counts.folder.uid_next


def _tell_opened(
    connection: IMAPServer, selected: Selected, view: MailboxView, counts: Counts
) -> None:
    """Say what RFC 3501, 6.3.1 requires of SELECT."""
    folder = counts.folder
    connection.say(FlagsData(selected.flag_list()))
    connection.say(Exists(len(view)))
    connection.say(Recent(view.recent))
    unseen = view.number(counts.first_unseen_uid) if counts.first_unseen_uid else 0
    if unseen:
        connection.say(Condition(Status.OK, "First unseen", Code("UNSEEN", unseen)))
    connection.say(selected.permanent_flags())
    connection.say(Condition(Status.OK, "Next UID", Code("UIDNEXT", folder.uid_next)))
    connection.say(Condition(Status.OK, "UIDs valid", Code("UIDVALIDITY", folder.uid_validity)))
    highest = Code("HIGHESTMODSEQ", folder.highest_modseq)
    connection.say(Condition(Status.OK, "Highest", highest))


def _check(connection: IMAPServer, request: ask.Check) -> None:
    # Everything is durable as soon as it is answered: there is nothing to check.
    connection.ok("Checked")


async def _close(connection: IMAPServer, request: ask.Close) -> None:
    selected = connection.open_mailbox
    if not selected.read_only and selected.mail.writable(selected.folder):
        # Without telling the client what went: it is leaving.
        await selected.mail.expunge(selected.folder.id, None)
    connection.deselect()
    connection.ok("Closed")


def _unselect(connection: IMAPServer, request: ask.Unselect) -> None:
    connection.deselect()
    connection.ok("Left the mailbox")


def _idle(connection: IMAPServer, request: ask.Idle) -> None:
    # No coroutine waits here: thousands of clients idle at once, and each costs its view only.
    connection.tell(may_expunge=True)
    connection.say(Continue("idling"))
    connection.wake()


ANSWERS: Final[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {
    ask.Select: _select,
    ask.Examine: _select,
    ask.Check: _check,
    ask.Close: _close,
    ask.Unselect: _unselect,
    ask.Idle: _idle,
}
