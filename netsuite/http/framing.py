"""Bodies: counted, chunked (RFC 9112, 7.1), or up to the end of the connection."""

from __future__ import annotations

import re
from typing import Final, Protocol

from netsuite.http import grammar
from netsuite.http.commands import NO_FIELDS, Fields
from netsuite.http.limits import HeadLimits
from netsuite.wire.errors import LocalProtocolError, RemoteProtocolError
from netsuite.wire.reader import OctetReader, has_bare_line_end

#: So much of a body is given at once at most.
CHUNK_OCTETS: Final = 65_536

#   chunk      = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
#   chunk-size = 1*HEXDIG
#   chunk-ext  = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED: Final = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
_chunk_line: Final = re.compile(
    rb"([0-9A-Fa-f]{1,15})"
    rb"((?:[ \t]*+;[ \t]*+" + _TOKEN + rb"(?:[ \t]*+=[ \t]*+(?:" + _TOKEN + rb"|" + _QUOTED
    + rb"))?+)*+)\r\n"
)  # fmt: skip
#: A chunk's line; and what extensions of one body may have in all.
CHUNK_LINE_OCTETS: Final = 1024
EXTENSION_OCTETS: Final = 16_384
TRAILER_OCTETS: Final = 8192


class Body(Protocol):
    """What takes a body's framing off."""

    #: Nothing more of it will come.
    done: bool
    #: After its end, for a chunked one.
    trailers: Fields

    def read(self, reader: OctetReader) -> bytes:
        """Take some of the body; nothing when more has to come first, or when it is done.

        Raises:
            RemoteProtocolError: it breaks the framing, or becomes too large.
        """

    @property
    def left(self) -> int | None:
        """How much is to come, None when nobody knows."""


class CountedBody:
    """A body of a length announced.

    Args:
        piece_octets: how much of it is given at once.
    """

    __slots__ = ("_piece_octets", "done", "left", "trailers")

    def __init__(self, octets: int, *, piece_octets: int = CHUNK_OCTETS) -> None:
        self._piece_octets = piece_octets
        self.left = octets
        self.done = octets == 0
        self.trailers = NO_FIELDS

    def read(self, reader: OctetReader) -> bytes:
        """Take some. See ``Body``."""
        octets = reader.read_some(min(self.left, self._piece_octets)) or b""
        self.passed(len(octets))
        return octets

    def passed(self, octets: int) -> None:
        """Accept that so many octets of it have passed by the reader."""
        self.left -= octets
        self.done = self.left == 0


class BodyToEnd:
    """A response's body that the end of the connection ends."""

    left = None
    trailers = NO_FIELDS

    def __init__(self) -> None:
        self.done = False

    def read(self, reader: OctetReader) -> bytes:
        """Take some. See ``Body``."""
        octets = reader.read_some(CHUNK_OCTETS) or b""
        self.done = reader.eof and not len(reader)
        return octets


class ChunkedBody:
    """A chunked body; small chunks are given together.

    Args:
        limit_octets: how long it may become, None for any length.
        limits: of its trailer section.
    """

    left = None

    def __init__(self, limit_octets: int | None, limits: HeadLimits) -> None:
        self.done = False
        self.trailers = NO_FIELDS
        self._allowed = limit_octets
        self._limits = limits
        self._chunk = 0  # left of the chunk
        self._in_chunk = False  # the CRLF behind the data is to come
        self._last = False  # the trailer section is next
        self._extensions = 0
        self._searched = 0

    def read(self, reader: OctetReader) -> bytes:
        """Take some. See ``Body``."""
        pieces: list[bytes] = []
        room = CHUNK_OCTETS
        try:
            while room and not self.done:
                if self._chunk:
                    octets = reader.read_some(min(self._chunk, room))
                    if octets is None:
                        break
                    self._chunk -= len(octets)
                    room -= len(octets)
                    pieces.append(octets)
                elif not self._step(reader):
                    break
        except RemoteProtocolError:
            if not pieces:
                raise
            # What came before stands; the error is met again at the next read. It must be the
            # same whether both came in one piece or apart.
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _step(self, reader: OctetReader) -> bool:
        """Take what stands between the data; return whether something was taken."""
        if self._in_chunk:
            ending = reader.peek(2)
            if not grammar.CRLF.startswith(ending):
                raise grammar.bad("no line end behind a chunk")
            if len(ending) < 2:
                return False
            reader.read_exactly(2)
            self._in_chunk = False
            return True
        if self._last:
            return self._take_trailers(reader)
        return self._take_size(reader)

    def _take_size(self, reader: OctetReader) -> bool:
        end = reader.find(b"\n", self._searched, CHUNK_LINE_OCTETS)
        if end < 0:
            if len(reader) >= CHUNK_LINE_OCTETS:
                raise grammar.bad("no end of a chunk's line")
            self._searched = len(reader)
            return False
        found = _chunk_line.fullmatch(reader.peek(end + 1))
        if found is None:
            raise grammar.bad("no chunk")
        size = int(found[1], 16)
        extensions = self._extensions + len(found[2])
        if extensions > EXTENSION_OCTETS:
            raise grammar.bad("too many chunk extensions", grammar.TOO_LARGE)
        if self._allowed is not None:
            if size > self._allowed:
                raise grammar.bad("the body is too large", grammar.TOO_LARGE)
            self._allowed -= size
        reader.read_exactly(end + 1)
        self._searched = 0
        self._extensions = extensions
        self._chunk = size
        self._in_chunk = size > 0
        self._last = size == 0
        return True

    def _take_trailers(self, reader: OctetReader) -> bool:
        if reader.peek(2) == grammar.CRLF:
            reader.read_exactly(2)
            self.done = True
            return False
        end = reader.find(b"\r\n\r\n", max(0, self._searched - 3), TRAILER_OCTETS)
        if end < 0:
            if len(reader) >= TRAILER_OCTETS:
                raise grammar.bad("no end of the trailer section", grammar.TOO_MANY_FIELDS)
            self._searched = len(reader)
            return False
        section = reader.peek(end + 2)
        if has_bare_line_end(section):
            raise grammar.bad("CR or LF alone")
        self.trailers = grammar.parse_trailers(section, self._limits.fields)
        reader.read_exactly(end + 4)
        self._searched = 0
        self.done = True
        return False


class Outgoing:
    """The body being said: frames it, and counts what is left to say.

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
        if self.chunked:  # a chunk of no octets would end the body
            return b"%x\r\n%b\r\n" % (len(octets), octets) if octets else b""
        return octets

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
        return b"0\r\n\r\n" if self.chunked else b""
