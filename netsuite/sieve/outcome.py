"""What a script does with a message, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Keep:
    """Put it where it would have gone without a script (RFC 5228, 4.3)."""

    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileInto:
    """Put it into a folder (RFC 5228, 4.1).

    Args:
        create: make the folder where it is not there (RFC 5490, 3.2).
        special_use: put it into the folder of that use instead, where there is one (RFC 8579, 4):
            ``\\Junk``.
    """

    mailbox: str
    flags: tuple[str, ...] = ()
    create: bool = False
    special_use: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send it on to an address (RFC 5228, 4.2)."""

    address: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse it, with words for its sender (RFC 5429).

    Args:
        by_protocol: ``ereject``: rather by a refusal than by a report.
    """

    reason: str
    by_protocol: bool = False


@dataclass(frozen=True, slots=True)
class Vacation:
    """Answer it, once for each sender and interval (RFC 5230).

    Args:
        to: the sender's address.
        key: what answers are remembered by, beside the account: the sender and the answer.
        seconds: for so long no second one goes there; 0: each message is answered.
        sender: a mailbox for From; empty for the account's own address.
        reason: the text; with *mime* a whole MIME entity.
        in_reply_to: the Message-ID of what is answered; empty where it has none.
        references: for References, what is answered last.
    """

    to: str
    key: str
    seconds: int
    subject: str
    sender: str
    reason: str
    mime: bool
    in_reply_to: str
    references: str


Action: TypeAlias = Keep | FileInto | Redirect | Reject | Vacation


@dataclass(frozen=True, slots=True)
class Seen:
    """Something to be remembered once all of it is done (RFC 7352, 3)."""

    key: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run has come to.

    Args:
        actions: in order; none: the message is thrown away.
        seen: what ``duplicate`` has asked for.
        error: why the script went no further, for its author; the message is then kept.
    """

    actions: tuple[Action, ...]
    seen: tuple[Seen, ...] = ()
    error: str = ""
