"""Opening and leaving a mailbox: SELECT, EXAMINE, CHECK, CLOSE, UNSELECT, and waiting in IDLE.

See RFC 3501, 6.3.1, 6.3.2, 6.4.1 and 6.4.2; RFC 3691; RFC 2177; RFC 7162, 3.1.
"""

from __future__ import annotations

from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses
from netsuite.imap.server.resync import absence
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.imap.view import MailboxView
from netsuite.store.model import Status as Counts


async def select(
    session: Session, request: ask.Select | ask.Examine
) -> responses.Completion | None:
    """Open a mailbox; the one that was open is left, whatever comes of it."""
    mail = session.mail
    if request.resync is not None and not session.vanished:
        return replies.QRESYNC_FIRST
    if session.selected is not None:
        session.deselect()
        session.say(
            responses.Condition(responses.Status.OK, "Left the mailbox", responses.Code("CLOSED"))
        )
    if request.condstore:
        session.modseqs = True
    folder = await mail.folder(request.mailbox)
    read_only = isinstance(request, ask.Examine)
    selected = Selected(mail, folder, read_only=read_only, changed=session.wake)
    try:
        # Changes are heard from here on, so nothing falls between these reads.
        counts = await mail.folder_status(folder.id)
        uids = await mail.uids(folder.id)
        recent_from = await _recent_from(selected, counts)
        away = await absence(selected, request.resync, counts.folder.uid_validity)
    except BaseException:
        selected.close()
        raise
    modseq = counts.folder.highest_modseq
    view = MailboxView(uids, recent_from=recent_from, modseq=modseq)
    _tell_opened(session, selected, view, counts)
    if away is not None:
        away.tell(session, selected, view)
    mode = responses.Code("READ-ONLY" if read_only else "READ-WRITE")
    session.say(responses.ok("Examined" if read_only else "Selected", mode))
    # What happened meanwhile is told with the next command, or in IDLE.
    selected.opened(view)
    session.selected = selected
    session.wake()
    return None


async def _recent_from(selected: Selected, counts: Counts) -> int:
    """Return the first UID that is recent in this session (RFC 3501, 2.3.2)."""
    if selected.claims_recent:
        return await selected.claim_recent()
    if selected.mail.writable(selected.folder):
        return counts.folder.recent_from  # EXAMINE leaves it to the next SELECT
    # Where nobody here may claim them, as in a newsgroup, messages would be recent for ever.
    return counts.folder.uid_next


def _tell_opened(session: Session, selected: Selected, view: MailboxView, counts: Counts) -> None:
    """Send what RFC 3501, 6.3.1 requires of SELECT."""
    folder = counts.folder
    session.say(responses.FlagsData(selected.flag_list()))
    session.say(responses.Exists(len(view)))
    session.say(responses.Recent(view.recent))
    unseen = view.number(counts.first_unseen_uid) if counts.first_unseen_uid else 0
    if unseen:
        session.say(
            responses.Condition(
                responses.Status.OK, "First unseen", responses.Code("UNSEEN", unseen)
            )
        )
    session.say(selected.permanent_flags())
    session.say(
        responses.Condition(
            responses.Status.OK, "Next UID", responses.Code("UIDNEXT", folder.uid_next)
        )
    )
    session.say(
        responses.Condition(
            responses.Status.OK, "UIDs valid", responses.Code("UIDVALIDITY", folder.uid_validity)
        )
    )
    highest = responses.Code("HIGHESTMODSEQ", folder.highest_modseq)
    session.say(responses.Condition(responses.Status.OK, "Highest", highest))


async def check(session: Session, request: ask.Check) -> responses.Completion:
    """Do nothing: all is durable as soon as it is answered."""
    return responses.ok("Checked")


async def close(session: Session, request: ask.Close) -> responses.Completion:
    """Leave the mailbox, without what is marked as deleted."""
    selected = session.mailbox
    if not selected.read_only and selected.mail.writable(selected.folder):
        # Without telling the client what went: it is leaving.
        await selected.mail.expunge(selected.folder.id, None)
    session.deselect()
    return responses.ok("Closed")


async def unselect(session: Session, request: ask.Unselect) -> responses.Completion:
    """Leave the mailbox as it is."""
    session.deselect()
    return responses.ok("Left the mailbox")


async def idle(session: Session, request: ask.Idle) -> None:
    """Wait for news, until the client says DONE."""
    # No coroutine waits here: thousands of clients idle at once, and each costs its view only.
    session.tell(may_expunge=True)
    session.say(responses.Continue("idling"))
    session.wake()


HANDLERS = handlers(select, check, close, unselect, idle)
