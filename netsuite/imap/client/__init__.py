"""The client's side of IMAP: one class whose methods are the commands, over any endpoint."""

from netsuite.imap.client.client import IMAPClient, connect
from netsuite.imap.client.idle import Idling
from netsuite.imap.client.in_progress import CommandsInProgress, Completed, Goodbye
from netsuite.imap.client.selected import SelectedMailbox

__all__ = [
    "CommandsInProgress",
    "Completed",
    "Goodbye",
    "IMAPClient",
    "Idling",
    "SelectedMailbox",
    "connect",
]
