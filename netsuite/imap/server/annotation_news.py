"""What a client is told of annotations that others change, once it has enabled that.

See RFC 5464, 4.4.2. Entries are noted as changes are published, and told with the next completion,
or at once where the client is in IDLE.
"""

from __future__ import annotations

from typing import Final

from netsuite.imap.commands.metadata import MetadataChanged
from netsuite.imap.server.session import Session
from netsuite.store.changes import AnnotationsChanged, Change
from netsuite.store.errors import StoreError

#: Of so many mailboxes entries wait to be told; of more, nothing is.
_MAILBOXES: Final = 1000


class AnnotationNews:
    """Implements ``session.News``.

    Attributes:
        own: entries that the client is setting itself: of these it knows.
    """

    def __init__(self, session: Session) -> None:
        self.own: frozenset[str] = frozenset()
        self._session = session
        self._waiting: dict[str, dict[str, None]] = {}  # by mailbox
        self._subscription = session.mail.watch(self._note)

    def _note(self, change: Change) -> None:
        if not isinstance(change, AnnotationsChanged) or self.own.issuperset(change.entries):
            return
        if change.folder is None:
            self._wait("", change.entries)
        else:
            self._session.spawn(self._find(change))

    async def _find(self, change: AnnotationsChanged) -> None:
        """Find what the client calls a mailbox, if it may see it."""
        assert change.folder is not None
        try:
            folder = await self._session.mail.folder_by_id(change.folder)
        except StoreError:
            return  # gone, or not for this account
        self._wait(folder.name, change.entries)

    def _wait(self, mailbox: str, entries: tuple[str, ...]) -> None:
        if len(self._waiting) < _MAILBOXES:
            self._waiting.setdefault(mailbox, {}).update(dict.fromkeys(entries))
        if self._session.dialog.idling:
            self.answered()

    def answered(self) -> None:
        """Tell what waits."""
        waiting, self._waiting = self._waiting, {}
        for mailbox, entries in waiting.items():
            self._session.say(MetadataChanged(mailbox, tuple(entries)))

    def stop(self) -> None:
        """Hear of nothing any more."""
        self._subscription.cancel()


def enable(session: Session) -> bool:
    """Have a client told; return whether that is new."""
    if session.annotations is not None:
        return False
    session.annotations = AnnotationNews(session)
    return True
