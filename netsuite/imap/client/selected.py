"""The selected mailbox, as the server has told of it."""

from __future__ import annotations

from dataclasses import dataclass

from netsuite.imap.commands import responses as said
from netsuite.imap.commands.fetch import FetchData
from netsuite.imap.commands.responses import Response
from netsuite.imap.sequences import NOTHING, SequenceSet


@dataclass(slots=True)
class SelectedMailbox:
    """What SELECT told, kept up to date with the news: numbers count from 1 to ``messages``."""

    name: str
    read_only: bool = False
    messages: int = 0
    recent: int = 0
    flags: tuple[str, ...] = ()
    permanent_flags: tuple[str, ...] = ()
    uid_validity: int = 0
    uid_next: int = 0
    unseen: int | None = None
    highest_modseq: int | None = None
    #: Of what the client knew, by ``resync``: UIDs that are gone, and messages that have changed,
    #: new ones among them. They tell of the moment of SELECT, and do not follow the news.
    vanished: SequenceSet = NOTHING
    changed: tuple[FetchData, ...] = ()

    def news(self, response: Response) -> None:
        """Accept what a response changes."""
        match response:
            case said.Exists(messages):
                self.messages = messages
            case said.Recent(messages):
                self.recent = messages
            case said.Expunged():
                self.messages = max(0, self.messages - 1)
            case said.Vanished(uids, earlier=False):  # each was in the mailbox (RFC 7162, 3.2.10.2)
                self.messages = max(0, self.messages - max(0, uids.size()))
            case said.FlagsData(flags):
                self.flags = flags
            case said.Condition(code=said.Code() as code):
                self._code(code)

    def _code(self, code: said.Code) -> None:
        match code:
            case said.Code("PERMANENTFLAGS", tuple(flags)):
                self.permanent_flags = flags
            case said.Code("UIDVALIDITY", int(number)):
                self.uid_validity = number
            case said.Code("UIDNEXT", int(number)):
                self.uid_next = number
            case said.Code("UNSEEN", int(number)):
                self.unseen = number
            case said.Code("HIGHESTMODSEQ", int(number)):
                self.highest_modseq = number
