"""Opening and leaving a mailbox: SELECT, EXAMINE, CHECK, CLOSE, UNSELECT, and waiting in IDLE.

See RFC 3501, 6.3.1, 6.3.2, 6.4.1 and 6.4.2; RFC 3691; RFC 2177; RFC 7162, 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.sequences import TOP, SequenceSet
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.imap.view import MailboxView
from netsuite.store.model import Message
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
        _say_ok(session, "Left the mailbox", "CLOSED")
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
        away = await _absence(selected, request.resync, counts.folder.uid_validity)
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
        _say_ok(session, "First unseen", "UNSEEN", unseen)
    session.say(selected.permanent_flags())
    _say_ok(session, "Next UID", "UIDNEXT", folder.uid_next)
    _say_ok(session, "UIDs valid", "UIDVALIDITY", folder.uid_validity)
    _say_ok(session, "Highest", "HIGHESTMODSEQ", folder.highest_modseq)


def _say_ok(session: Session, text: str, name: str, argument: int | None = None) -> None:
    session.say(responses.Condition(responses.Status.OK, text, responses.Code(name, argument)))


# -- what a client that comes back is told (RFC 7162, 3.2) ----------------------------------------


class Absence:
    """What happened to a mailbox since a client last saw it.

    Args:
        known: the UIDs the client asks about; None for all.
        changed: messages whose flags changed, or that came.
        gone: UIDs that vanished.
    """

    def __init__(
        self, known: SequenceSet | None, changed: Sequence[Message], gone: Sequence[int]
    ) -> None:
        if known is not None:
            gone = known.members(gone, TOP)
            wanted = set(known.members([message.uid for message in changed], TOP))
            changed = [message for message in changed if message.uid in wanted]
        self.changed = changed
        self.gone = sorted(gone)

    def vanished(self) -> bytes:
        """Return the VANISHED (EARLIER) response; nothing where all are still there."""
        if not self.gone:
            return b""
        return format_response(responses.Vanished(SequenceSet.of(self.gone), earlier=True))

    def tell(self, session: Session, selected: Selected, view: MailboxView) -> None:
        """Send all of it, within the answer to SELECT (RFC 7162, 3.2.5.1)."""
        session.writer.write(self.vanished())
        session.writer.write(selected.new_keywords(message.flags for message in self.changed))
        for message in self.changed:
            number = view.number(message.uid)
            if number:
                recent = {"\\Recent"} if view.is_recent(message.uid) else set()
                flags = message.flags | recent
                session.say(FetchData(number, message.uid, flags, modseq=message.modseq))


async def _absence(
    selected: Selected, resync: ask.Resync | None, uid_validity: int
) -> Absence | None:
    """Return what a SELECT with QRESYNC is to be told; None where its knowledge is void."""
    if resync is None or resync.uid_validity != uid_validity:
        return None
    changed, gone = await selected.mail.changes_since(selected.folder.id, resync.modseq)
    return Absence(resync.known, changed, gone)


# -- no more of it --------------------------------------------------------------------------------


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
