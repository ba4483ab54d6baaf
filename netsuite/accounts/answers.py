"""The messages that a script has sent because of another: answers, and reports of refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from netsuite.message.address import parse_address_list
from netsuite.message.bounce import Action, Outcome, compose_report
from netsuite.message.build import address_field, canonical, compose, header_field
from netsuite.message.headers import fields, header_end
from netsuite.message.words import decode_words, fold
from netsuite.sieve.outcome import Vacation
from netsuite.wire.dates import format_message_date
from netsuite.wire.reader import CRLF

#: RFC 3834, 3.1.7; the second keeps answers of some programs from being answered.
_AUTOMATIC: Final = (("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"))
#: What a MIME entity says of itself begins so (RFC 2045, 3).
_ENTITY: Final = b"content-"
#: RFC 3463, 3.8.
REFUSED: Final = "5.7.1"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes them.

    Args:
        host: this host's name.
        identify: returns a name that no other message here has.
    """

    host: str
    now: Callable[[], datetime]
    identify: Callable[[], str]

    def vacation(self, answer: Vacation, address: str, name: str) -> bytes:
        """Return an answer (RFC 5230, 5).

        Args:
            address: of the account, for From where the script names none.
            name: that people read.
        """
        sender = _mailbox(answer.sender) or (name, address)
        thread = (("In-Reply-To", answer.in_reply_to), ("References", answer.references))
        headers = [*_AUTOMATIC, *(each for each in thread if each[1])]
        identifier = self.identify()
        if not answer.mime:
            return compose(
                sender=sender,
                to=[("", answer.to)],
                subject=answer.subject,
                text=answer.reason,
                date=self.now(),
                message_id=f"{identifier}@{self.host}",
                boundary=identifier,
                headers=headers,
            )
        entity = canonical(answer.reason.encode())
        lines = [
            fold(b"Date", format_message_date(self.now())),
            address_field("From", [sender]),
            address_field("To", [("", answer.to)]),
            header_field("Subject", answer.subject),
            header_field("Message-ID", f"<{identifier}@{self.host}>"),
            *(header_field(*each) for each in headers),
            header_field("MIME-Version", "1.0"),
        ]
        return b"".join(lines) + _entity(entity)

    def refusal(self, sender: str, recipient: str, reason: str, original: bytes) -> bytes:
        """Return the report of a message that a script has refused (RFC 5429, 2.1.1).

        Args:
            original: the message, or what begins with its header.
        """
        identifier = self.identify()
        return compose_report(
            reporter=self.host,
            sender=sender,
            outcomes=[Outcome(recipient, Action.FAILED, REFUSED, reason)],
            original=original,
            date=self.now(),
            message_id=f"{identifier}@{self.host}",
            boundary=f"{identifier}/{self.host}",
            utf8=not (sender.isascii() and reason.isascii()),
        )


def _mailbox(written: str) -> tuple[str, str] | None:
    """Return the name and the address of a mailbox; None for none."""
    for each in parse_address_list(written.encode()):
        if each.local and each.domain:
            address = b"%b@%b" % (each.local, each.domain)
            return decode_words(each.name or b""), address.decode("utf-8", "replace")
    return None


def _entity(entity: bytes) -> bytes:
    """Return a MIME entity whose header has nothing but what an entity says of itself: the rest of
    the header is ours."""
    end = header_end(entity)
    kept = [
        entity[each.start : each.end]
        for each in fields(entity, 0, end)
        if each.name.lower().startswith(_ENTITY)
    ]
    return b"".join(kept) + CRLF + entity[end:]
