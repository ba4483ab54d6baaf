"""The header of a submitted message: completed, and what it says of its sender judged.

See RFC 6409, 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from netsuite.message.address import is_ambiguous, parse_address_list
from netsuite.message.build import address_field
from netsuite.message.headers import Field, fields, strip
from netsuite.message.words import fold

#: What becomes of a message whose From is not its sender's own.
SenderField = Literal["add", "refuse", "off"]
#: They are there to be left out (RFC 5322, 3.6.3).
_BLIND: Final = (b"bcc", b"resent-bcc")
#: Added where they lack; one that is empty does.
_NEEDED: Final = (b"date", b"message-id", b"from")


class NotOwnFrom(Exception):
    """From names somebody else than who has logged in."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a submitted header is completed with.

    Args:
        date: printed, for Date.
        message_id: with its angle brackets.
        sender: an address of whoever has logged in; for From, and for Sender.
        owns: returns whether an address is one of theirs.
        sender_field: what is done where From is not, or is several's.
    """

    date: bytes
    message_id: str
    sender: str
    owns: Callable[[str], bool]
    sender_field: SenderField

    def __call__(self, header: bytes) -> bytes:
        """Return a header as it leaves, with what was added at its top.

        Raises:
            NotOwnFrom: it may not say what it says.
        """
        found: dict[bytes, list[Field]] = {}
        for item in fields(header):
            found.setdefault(item.name.lower(), []).append(item)
        missing = {name for name in _NEEDED if not _has_value(found.get(name, ()))}
        dropped = [name for name in (*_BLIND, *missing) if name in found]
        added: list[bytes] = []
        if b"date" in missing:
            added.append(fold(b"Date", self.date))
        if b"message-id" in missing:
            added.append(fold(b"Message-ID", self.message_id.encode("ascii", "replace")))
        if b"from" in missing:
            added.append(address_field("From", [("", self.sender)]))
        elif self._needs_sender(found):
            dropped.append(b"sender")
            added.append(address_field("Sender", [("", self.sender)]))
        return b"".join(added) + (strip(header, dropped) if dropped else header)

    def _needs_sender(self, found: dict[bytes, list[Field]]) -> bool:
        """Return whether Sender has to say who it was, since it does not now: From is not theirs
        alone, or several authors' (RFC 5322, 3.6.2)."""
        if self.sender_field == "off":
            return False
        authors = self._own(found[b"from"])
        if authors is None and self.sender_field == "refuse":
            raise NotOwnFrom
        sender = found.get(b"sender", [])
        return authors != 1 and not (len(sender) == 1 and self._own(sender) == 1)

    def _own(self, named: list[Field]) -> int | None:
        """Return how many addresses there are in some fields; None where not all of them are
        theirs, or there is none."""
        if any(is_ambiguous(field.value) for field in named):
            return None
        mailboxes = [each for field in named for each in parse_address_list(field.value)]
        # A group's begin has no domain, its end no local part either.
        addresses = [
            f"{(each.local or b'').decode('utf-8', 'replace')}"
            f"@{each.domain.decode('utf-8', 'replace')}"
            for each in mailboxes
            if each.domain is not None
        ]
        return len(addresses) if addresses and all(map(self.owns, addresses)) else None


def _has_value(named: list[Field] | tuple[()]) -> bool:
    return any(each.value for each in named)
