"""The resynchronization of a client that comes back (RFC 7162, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.requests import Resync
from netsuite.imap.commands.responses import Vanished
from netsuite.imap.grammar.responses import format_response
from netsuite.imap.sequences import TOP, SequenceSet
from netsuite.imap.server.selected import Selected
from netsuite.imap.server.session import Session
from netsuite.imap.view import MailboxView
from netsuite.store.model import Message


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
        return format_response(Vanished(SequenceSet.of(self.gone), earlier=True))

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


async def absence(selected: Selected, resync: Resync | None, uid_validity: int) -> Absence | None:
    """Return what a SELECT with QRESYNC is to be told; None where its knowledge is void."""
    if resync is None or resync.uid_validity != uid_validity:
        return None
    changed, gone = await selected.mail.changes_since(selected.folder.id, resync.modseq)
    return Absence(resync.known, changed, gone)
