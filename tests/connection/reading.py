"""What the small dialogs of these tests have in common: a reader, and that it can be paused."""

from __future__ import annotations

from netsuite.wire.reader import OctetReader


class Reading:
    """A dialog's input."""

    hears_while_writing = False

    def __init__(self) -> None:
        self.reader = OctetReader()
        self.paused = False

    def receive(self, octets: bytes) -> None:
        self.reader.feed(octets)

    def receive_eof(self) -> None:
        self.reader.feed_eof()

    def discard_input(self) -> int:
        return self.reader.discard()
