"""The machines of both sides, without I/O: whose turn it is, and what may be said now."""

from netsuite.imap.dialog.events import ServerEvent, ServerSaid
from netsuite.imap.dialog.server import ServerDialog

__all__ = ["ServerDialog", "ServerEvent", "ServerSaid"]
