"""The one connection class: pumps a dialog, one event at a time, over a Twisted transport."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.logger import Logger
from zope.interface import implementer

from netsuite.connection.settings import Limits, Timeouts
from netsuite.wire.events import Dialog

#: Unread input beyond this pauses the transport while an answer is unfinished.
INPUT_OCTETS = 65_536


@implementer(IPushProducer)
class DialogConnection(Protocol):
    """A dialog on a transport.

    Subclasses give ``answers``, from an event's type to a function ``(connection, event)``;
    it may be plain, or return an awaitable where it has to wait. The next event is taken only
    when that is done and the dialog is no longer ``PAUSED``, and while the transport takes
    what we say: so answers leave in order, and a peer that does not read is not served on.

    Args:
        dialog: the sans-I/O machine.
        clock: for every timeout.
    """

    log = Logger()
    answers: ClassVar[Mapping[type, Callable[[Any, Any], Awaitable[None] | None]]] = {}

    def __init__(
        self,
        dialog: Dialog,
        clock: IReactorTime,
        *,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.dialog = dialog
        self.clock = clock
        self.timeouts = timeouts or Timeouts()
        self.limits = limits or Limits()
        self.closing = False
        self._out: list[bytes] = []
        self._pumping = False
        self._task: Deferred[None] | None = None
        self._choked = False
        self._unchoked: list[Deferred[None]] = []

    # -- what subclasses use ------------------------------------------------------------------

    def say(self, value: Any) -> None:
        """Send an answer through the dialog; several of one pump leave in one write."""
        self.write(self.dialog.send(value))

    def write(self, octets: bytes) -> None:
        """Send octets as they are, after what was said before."""
        if self._pumping:
            self._out.append(octets)
        elif self.transport is not None:
            self.transport.write(octets)

    async def writable(self) -> None:
        """Wait until the transport wants more. Raises ConnectionDone when it is gone."""

    async def write_body(self, chunks: AsyncIterable[bytes]) -> None:
        """Send a stream of octets as fast as the peer takes them."""

    def close(self) -> None:
        """Say what was said, then close; what the peer still sends is not read."""
