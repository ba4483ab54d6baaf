"""The table of the HTTP server's handlers."""

from __future__ import annotations

from typing import get_args

from netsuite.http.dialog import TRANSITIONS, ServerEvent
from netsuite.http.server import HTTPServer
from netsuite.wire.events import BodyChunk, EndOfBody, EndOfInput

#: Taken within the answer to a request (``Pump.body``), and by ``ServerConnection.unhandled``.
TAKEN = {BodyChunk, EndOfBody}
UNHANDLED = {EndOfInput}


def test_every_event_has_a_hand() -> None:
    """What the dialog gives as an event is handled, part of a body, or the end; and back."""
    assert set(HTTPServer.handlers) | TAKEN | UNHANDLED == set(get_args(ServerEvent))
    assert not set(HTTPServer.handlers) & (TAKEN | UNHANDLED)


def test_events_step_the_machine() -> None:
    """What is handled is something the machine knows."""
    assert set(HTTPServer.handlers) <= {kind for _, kind in TRANSITIONS}
