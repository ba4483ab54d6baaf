"""What every dialog of lines has: octets in, and lines, a need for more, or the end out."""

from __future__ import annotations

from netsuite.wire.events import NEED_DATA, EndOfInput, Event
from netsuite.wire.reader import OctetReader


class LineDialog:
    """The receiving half of a dialog; what lines say is the protocol's."""

    def __init__(self) -> None:
        self._reader = OctetReader()
        self._eof_told = False

    def receive(self, octets: bytes) -> None:
        """Take what the transport brought."""
        self._reader.feed(octets)

    def receive_eof(self) -> None:
        """Take note that the transport will bring nothing more."""
        self._reader.feed_eof()

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; give how many there were."""
        return self._reader.discard()

    def _end(self) -> Event:
        """Say that there is no whole line: more is needed, or, once, that nothing more comes."""
        if self._reader.eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA
