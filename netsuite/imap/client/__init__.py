"""The client: one class whose methods are the commands, over any endpoint."""

from netsuite.imap.client.client import IMAPClient, SelectedMailbox
from netsuite.imap.client.conversation import Answer, CommandFailed, Conversation, Goodbye
from netsuite.imap.client.idle import Idling

__all__ = [
    "Answer",
    "CommandFailed",
    "Conversation",
    "Goodbye",
    "IMAPClient",
    "Idling",
    "SelectedMailbox",
]
