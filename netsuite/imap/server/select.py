"""Opening and leaving a mailbox: SELECT, EXAMINE, CHECK, CLOSE, UNSELECT, and waiting in IDLE.

See RFC 3501, 6.3.1, 6.3.2, 6.4.1 and 6.4.2; RFC 3691; RFC 2177; RFC 7162, 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from netsuite.connection.server import handlers
from netsuite.imap import replies
from netsuite.imap.commands import requests as ask
from netsuite.imap.commands import responses
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.sequences import TOP, SequenceSet
from netsuite.imap.server.folders import kept_otherwise, mailbox_id
from netsuite.imap.server.selected import Selected, format_flags_told
from netsuite.imap.server.session import Session
from netsuite.imap.view import MailboxView
from netsuite.store.model import SEPARATOR, Changed, Folder, Opened
from netsuite.wire.ranges import Ranges, overlap

#: Of the pairs of number and UID that a client brings, so many are looked at: it has few of them,
#: thinner towards the beginning (RFC 7162, 3.2.5.2).
_MATCHES: Final = 10_000
#: FETCH responses that are sent in one piece.
_AT_ONCE: Final = 1000


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
    folder = await mail.folder(request.mailbox, "r")
    examined = isinstance(request, ask.Examine)
    keywords = session.shared.settings.keywords
    selected = Selected(
        mail, folder, examined=examined, most_keywords=keywords, changed=session.wake
    )
    resync = request.resync
    try:
        # Changes are heard from here on; what this reads is of one moment, and theirs is known.
        opened = await mail.opened(folder.id, None if resync is None else resync.modseq)
        selected.claims_recent = selected.claims_recent and not session.rev2
        recent = (0, 0) if session.rev2 else await _recent(selected, opened.folder)
    except BaseException:
        selected.close()
        raise
    view = MailboxView(opened.uids, recent=recent, modseq=opened.folder.highest_modseq)
    selected.learn_keywords(opened.keywords)
    _tell_opened(session, selected, view, opened)
    if session.rev2:
        old = request.mailbox if kept_otherwise(request.mailbox) else None
        session.say(responses.Listed((), SEPARATOR, folder.name, oldname=old))
    if (
        resync is not None
        and opened.changes is not None
        and resync.uid_validity == opened.folder.uid_validity
    ):
        known = resync.known
        Absence(known, *opened.changes, matched_uid(view, resync)).tell(session, selected, view)
    mode = responses.Code("READ-ONLY" if selected.read_only else "READ-WRITE")
    session.say(responses.ok("Examined" if examined else "Selected", mode))
    # What happened meanwhile is told with the next command, or in IDLE.
    selected.opened(view)
    session.selected = selected
    session.wake()
    return None


async def _recent(selected: Selected, folder: Folder) -> tuple[int, int]:
    """Return the first UID that is recent in this session, and the one after the last (RFC 3501,
    2.3.2)."""
    if selected.claims_recent:
        selected.view.unclaimed = False
        return await selected.mail.claim_recent(folder.id)
    if selected.mail.writable(folder):
        return folder.recent_from, TOP  # EXAMINE leaves it to the next SELECT
    # Where nobody here may claim them, as in a newsgroup, messages would be recent for ever.
    return 0, 0


def _tell_opened(session: Session, selected: Selected, view: MailboxView, opened: Opened) -> None:
    """Send what RFC 3501, 6.3.1 requires of SELECT; to who has enabled IMAP4rev2, what RFC 9051,
    6.3.2 does."""
    folder = opened.folder
    session.say(responses.FlagsData(selected.flag_list()))
    session.say(responses.Exists(len(view)))
    if not session.rev2:
        session.say(responses.Recent(view.recent))
        unseen = view.number(opened.first_unseen_uid) if opened.first_unseen_uid else 0
        if unseen and not session.uid_only:
            _say_ok(session, "First unseen", "UNSEEN", unseen)
    session.say(selected.permanent_flags())
    _say_ok(session, "Next UID", "UIDNEXT", folder.uid_next)
    _say_ok(session, "UIDs valid", "UIDVALIDITY", folder.uid_validity)
    _say_ok(session, "Highest", "HIGHESTMODSEQ", folder.highest_modseq)
    code = mailbox_id(selected.folder.id)
    session.say(responses.Condition(responses.Status.OK, "Its object id", code))


def _say_ok(session: Session, text: str, name: str, argument: int | None = None) -> None:
    session.say(responses.Condition(responses.Status.OK, text, responses.Code(name, argument)))


# -- what a client that comes back is told (RFC 7162, 3.2) ----------------------------------------


def matched_uid(view: MailboxView, resync: ask.Resync) -> int:
    """Return the highest UID up to which what the client knows matches the mailbox, by the pairs
    of number and UID that it brought; 0 for none (RFC 7162, 3.2.5.2)."""
    if resync.matches is None:
        return 0
    numbers, uids = (each.ranges for each in resync.matches)
    return next(
        (uid for number, uid in _pairs_down(numbers, uids) if view.number(uid) == number), 0
    )


def _pairs_down(numbers: Ranges, uids: Ranges) -> Iterator[tuple[int, int]]:
    """Return the pairs of two sets of one size, the last first, so many as are worth a look."""
    ones = (number for low, high in reversed(numbers) for number in range(high, low - 1, -1))
    others = (uid for low, high in reversed(uids) for uid in range(high, low - 1, -1))
    return islice(zip(ones, others, strict=False), _MATCHES)


class Absence:
    """What happened to a mailbox since a client last saw it.

    Args:
        known: the UIDs the client asks about; None for all.
        changed: messages whose flags changed, or that came.
        vanished: UIDs, as ranges.
        matched: what of them is up to this UID the client knows already.
    """

    def __init__(
        self,
        known: SequenceSet | None,
        changed: Sequence[Changed],
        vanished: Ranges,
        matched: int = 0,
    ) -> None:
        if known is not None:
            vanished = overlap(vanished, known.resolve(TOP))
            wanted = set(known.members([message.uid for message in changed], TOP))
            changed = [message for message in changed if message.uid in wanted]
        if matched:
            vanished = overlap(vanished, [(matched + 1, TOP)])
        self.changed = changed
        self.gone = tuple(vanished)

    def vanished(self) -> bytes:
        """Return the VANISHED (EARLIER) response; nothing where all are still there."""
        if not self.gone:
            return b""
        return format_response(responses.Vanished(SequenceSet(self.gone), earlier=True))

    def tell(self, session: Session, selected: Selected, view: MailboxView) -> None:
        """Send all of it, within the answer to SELECT (RFC 7162, 3.2.5.1)."""
        write = session.writer.write
        write(self.vanished())
        write(selected.new_keywords({message.flags for message in self.changed}))
        manner = session.manner
        for start in range(0, len(self.changed), _AT_ONCE):
            write(b"".join([
                format_flags_told(
                    view.number(uid), uid, flags, view.is_recent(uid), modseq, manner
                )
                for uid, flags, modseq in self.changed[start : start + _AT_ONCE]
            ]))  # fmt: skip


# -- no more of it --------------------------------------------------------------------------------


async def check(session: Session, request: ask.Check) -> responses.Completion:
    """Do nothing: all is durable as soon as it is answered."""
    return responses.ok("Checked")


async def close(session: Session, request: ask.Close) -> responses.Completion:
    """Leave the mailbox, without what is marked as deleted."""
    selected = session.mailbox
    code = None
    if not selected.read_only and "e" in selected.folder.rights:
        # Without telling the client what went: it is leaving.
        gone = await selected.mail.expunge(selected.folder.id, None)
        if gone and session.vanished:  # RFC 7162, 3.2.8
            code = responses.Code("HIGHESTMODSEQ", selected.view.modseq)
    session.deselect()
    return responses.ok("Closed", code)


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
