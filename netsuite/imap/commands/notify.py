"""NOTIFY, and which events a client wants to be told of (RFC 5465)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from netsuite.imap.commands.fetch import FetchItem


class Event(enum.Enum):
    """An event's name (RFC 5465, 5), as it is written there."""

    MESSAGE_NEW = "MessageNew"
    MESSAGE_EXPUNGE = "MessageExpunge"
    FLAG_CHANGE = "FlagChange"
    ANNOTATION_CHANGE = "AnnotationChange"
    MAILBOX_NAME = "MailboxName"
    SUBSCRIPTION_CHANGE = "SubscriptionChange"
    MAILBOX_METADATA_CHANGE = "MailboxMetadataChange"
    SERVER_METADATA_CHANGE = "ServerMetadataChange"


class Watched(enum.Enum):
    """Which mailboxes are watched (RFC 5465, 6)."""

    SELECTED = "SELECTED"
    SELECTED_DELAYED = "SELECTED-DELAYED"
    INBOXES = "INBOXES"
    PERSONAL = "PERSONAL"
    SUBSCRIBED = "SUBSCRIBED"
    SUBTREE = "SUBTREE"
    MAILBOXES = "MAILBOXES"


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Events of some mailboxes.

    Args:
        mailboxes: names, for SUBTREE and MAILBOXES.
        events: none for NONE; names that are no event's as they were written, in upper case.
        items: what is fetched of new messages in the selected mailbox.
    """

    watched: Watched
    events: frozenset[Event | str] = frozenset()
    mailboxes: tuple[str, ...] = ()
    items: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Notify:
    """NOTIFY SET with its groups, or NONE without any.

    Args:
        status: whether STATUS of the watched mailboxes is wanted now.
    """

    groups: tuple[EventGroup, ...] = ()
    status: bool = False


@dataclass(frozen=True, slots=True)
class MessageEvents:
    """Of what in the selected mailbox a client is told, and when.

    Args:
        added, expunged, flags: whether it is told of them at all.
        always: whether it is told between commands, not in answers and in IDLE alone.
        at_once: whether it is told of what is gone whatever command is answered.
        items: what is fetched for it of new messages.
    """

    added: bool = True
    expunged: bool = True
    flags: bool = True
    always: bool = False
    at_once: bool = False
    items: tuple[FetchItem, ...] = ()


#: Without NOTIFY.
USUAL = MessageEvents()
