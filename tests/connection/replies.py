"""The client's side of the small line protocol: commands as text, replies as text."""

from __future__ import annotations

from typing import Any

from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.events import NEED_DATA, EndOfInput
from tests.connection.reading import Reading


class ReplyDialog(Reading):
    """Every line is a reply; one that begins with ``!`` is against the protocol."""

    hears_while_writing = True

    def next_event(self) -> Any:
        line = self.reader.read_line(100_000)
        if line is None:
            return EndOfInput() if self.reader.eof else NEED_DATA
        if line.startswith(b"!"):
            raise RemoteProtocolError("a reply that is none")
        return line.decode()

    def send(self, value: str) -> bytes:
        return value.encode() + b"\r\n"
