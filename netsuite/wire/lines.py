"""The receiving half of dialogs of lines."""

from __future__ import annotations

from typing import ClassVar

from netsuite.wire.events import NEED_DATA, EndOfInput, Need
from netsuite.wire.reader import OctetReader


class LineDialog:
    """A dialog that reads lines; what they say is the protocol's."""

    # A subclass may have slots too: thousands of connections wait, each with its dialog.
    __slots__ = ("_eof_told", "_reader")

    hears_while_writing: ClassVar[bool] = False

    def __init__(self) -> None:
        self._reader = OctetReader()
        self._eof_told = False

    def receive(self, octets: bytes) -> None:
        """Accept what the transport brought."""
        self._reader.feed(octets)

    def receive_eof(self) -> None:
        """Accept that the transport will bring nothing more."""
        self._reader.feed_eof()

    def discard_input(self) -> int:
        """Drop every octet received and not yet read; return how many there were."""
        return self._reader.discard()

    def _end(self) -> EndOfInput | Need:
        """Return, where there is no whole line, the need for more or, once, the end of input."""
        if self._reader.eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA
