"""The body being said: how it is framed, and how much of it is left to say."""

from __future__ import annotations

from netsuite.http.framing import LAST_CHUNK, chunk
from netsuite.wire.errors import LocalProtocolError


class Outgoing:
    """Frames a body and counts it.

    Args:
        octets: its length, None where only its end tells.
        chunked: whether it is sent so.
        silent: an answer to HEAD, which has a length and no body.
    """

    __slots__ = ("chunked", "left", "silent")

    def __init__(self, octets: int | None, *, chunked: bool, silent: bool = False) -> None:
        self.left = octets
        self.chunked = chunked
        self.silent = silent

    def frame(self, octets: bytes) -> bytes:
        """Return some of it as it is sent. Raises LocalProtocolError for too much."""
        self.count(len(octets))
        return chunk(octets) if self.chunked else octets

    def count(self, octets: int) -> None:
        """Note that some of it is sent. Raises LocalProtocolError for too much."""
        if self.silent and octets:
            raise LocalProtocolError("a body where none may be")
        if self.left is not None:
            if octets > self.left:
                raise LocalProtocolError("more of a body than was announced")
            self.left -= octets

    def end(self) -> bytes:
        """Return what ends it. Raises LocalProtocolError where some is missing."""
        if self.left and not self.silent:
            raise LocalProtocolError("less of a body than was announced")
        return LAST_CHUNK if self.chunked else b""
