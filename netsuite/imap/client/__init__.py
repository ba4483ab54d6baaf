"""The client's side of IMAP: one class whose methods are the commands, over any endpoint."""

from netsuite.imap.client.appends import MessageToAppend
from netsuite.imap.client.client import IMAPClient, connect
from netsuite.imap.client.idle import Idling
from netsuite.imap.client.in_progress import CommandsInProgress, Completed, Goodbye
from netsuite.imap.client.results import Annotations, Fetched, ListedMailbox, Removed, Stored
from netsuite.imap.client.selected import SelectedMailbox
from netsuite.imap.client.tracking import (
    Change,
    FlagsChanged,
    KnownMailbox,
    MessageAdded,
    MessageRemoved,
    Renumbered,
)
from netsuite.imap.client.watch import MailboxWatch, Pace, WatchTimes

__all__ = [
    "Annotations",
    "Change",
    "CommandsInProgress",
    "Completed",
    "Fetched",
    "FlagsChanged",
    "Goodbye",
    "IMAPClient",
    "Idling",
    "KnownMailbox",
    "ListedMailbox",
    "MailboxWatch",
    "MessageAdded",
    "MessageRemoved",
    "MessageToAppend",
    "Pace",
    "Removed",
    "Renumbered",
    "SelectedMailbox",
    "Stored",
    "WatchTimes",
    "connect",
]
