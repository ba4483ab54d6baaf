"""HTTP without a network: whose turn it is, what is legal now, where a body ends."""

from __future__ import annotations

from netsuite.http.dialog.client import ASKING, Asking, ClientDialog
from netsuite.http.dialog.server import TRANSITIONS, ServerDialog, State

__all__ = ["ASKING", "TRANSITIONS", "Asking", "ClientDialog", "ServerDialog", "State"]
