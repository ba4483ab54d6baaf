"""HTTP without a network: whose turn it is, what is legal now, where a body ends."""

from __future__ import annotations

from netsuite.http.dialog.client import ASKING, Asking, ClientDialog, ClientEvent, ClientSaid
from netsuite.http.dialog.server import TRANSITIONS, ServerDialog, ServerEvent, ServerSaid, State

__all__ = [
    "ASKING", "TRANSITIONS", "Asking", "ClientDialog", "ClientEvent", "ClientSaid", "ServerDialog",
    "ServerEvent", "ServerSaid", "State",
]  # fmt: skip
