"""Bounded, linear, resumable reading: lines, counted blocks, dot-stuffed bodies.

Every read takes its limit, so an unbounded read cannot be written. A reader gives the same
values for every way of cutting the same octets into pieces.
"""

from __future__ import annotations

from io import IncrementalNewlineDecoder
from typing import ClassVar

from netsuite.wire.errors import BareLineEnd, LineTooLong, LocalProtocolError
from netsuite.wire.events import NEED_DATA, EndOfInput, Need

CRLF = b"\r\n"
_NOT_BARE = (None, "\r\n")
#: So much is kept of the end of a line that could not be read.
ENDING_OCTETS = 32


def command_line(text: str) -> bytes:
    """Return the octets of one line. Raises LocalProtocolError for what would end it."""
    octets = text.encode("utf-8")
    if b"\r" in octets or b"\n" in octets or b"\0" in octets:
        raise LocalProtocolError("CR, LF or NUL within a command")
    return octets + CRLF


def has_bare_line_end(octets: bytes | bytearray) -> bool:
    """Return whether CR or LF stands alone in whole lines.

    Python's own decoder of universal newlines notes which kinds it met, in one pass and four
    times as fast as to count CR, LF and both; ISO 8859-1 gives it each octet as it is.
    """
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(octets.decode("latin-1"), final=True)
    return decoder.newlines not in _NOT_BARE


class OctetReader:
    """What has been received and not yet read.

    The search for a line end remembers how far it got, so reading stays linear when octets
    come one at a time.
    """

    __slots__ = ("_buffer", "_ending", "_searched", "_skipping", "eof", "fed")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # no CRLF starts before this index
        self._skipping = False  # within a line that was too long
        self._ending = b""  # the last octets of a line that could not be read
        self.eof = False
        #: Octets that the transport has brought so far.
        self.fed = 0

    def __len__(self) -> int:
        return len(self._buffer)

    @property
    def position(self) -> int:
        """How many octets came before the next one that is read."""
        return self.fed - len(self._buffer)

    def feed(self, octets: bytes) -> None:
        """Append what the transport brought."""
        self._buffer += octets
        self.fed += len(octets)

    def feed_eof(self) -> None:
        """Note that nothing more will come."""
        self.eof = True

    def discard(self) -> int:
        """Drop everything unread; return the number of octets dropped."""
        dropped = len(self._buffer)
        self._buffer.clear()
        self._searched = 0
        self._skipping = False
        self._ending = b""
        return dropped

    def read_line(self, limit_octets: int, *, lenient: bool = False) -> bytes | None:
        """Read one line.

        Args:
            limit_octets: how long the line may be, its CRLF included.
            lenient: whether LF alone ends a line too and CR alone is data; for formats whose
                RFC asks for it, never for mail.

        Returns:
            The line without its line end; None when it is not whole yet.

        Raises:
            LineTooLong: once per line; what follows up to the next line end is dropped.
            BareLineEnd: CR or LF stands alone in the line, which is consumed.
        """
        buffer = self._buffer
        if not buffer:  # so it is after most commands, and each is followed by a look
            return None
        while True:
            end = buffer.find(b"\n", self._searched)
            if end < 0:
                self._searched = len(buffer)
                if self._skipping:
                    self._drop(len(buffer))
                elif len(buffer) >= limit_octets:
                    self._skipping = True
                    self._drop(len(buffer))
                    raise LineTooLong(f"no line end within {limit_octets} octets")
                return None
            if end + 1 == len(buffer):
                line = bytes(buffer)
                buffer.clear()
            else:
                line = bytes(memoryview(buffer)[: end + 1])
                del buffer[: end + 1]
            self._searched = 0
            if self._skipping:
                self._skipping = False
                self._ending = b""
                continue
            if end + 1 > limit_octets:
                self._ending = line[-ENDING_OCTETS:]
                raise LineTooLong(f"a line of {end + 1} octets; {limit_octets} are allowed")
            if lenient:
                return line[:-2] if line.endswith(CRLF) else line[:-1]
            # An LF alone is judged where it stands: to wait for a CRLF would leave a client
            # that ends its lines with LF without any answer.
            if not line.endswith(CRLF):
                self._ending = line[-ENDING_OCTETS:]
                raise BareLineEnd("LF without CR", line)
            if line.count(b"\r") != 1:
                self._ending = line[-ENDING_OCTETS:]
                raise BareLineEnd("CR without LF", line)
            return line[:-2]

    def _drop(self, octets: int) -> None:
        """Drop octets of a line that cannot be read, and keep the last of them."""
        buffer = self._buffer
        ending = bytes(memoryview(buffer)[max(0, octets - ENDING_OCTETS) : octets])
        self._ending = (self._ending + ending)[-ENDING_OCTETS:]
        del buffer[:octets]
        self._searched = 0

    def skip_line(self) -> bytes | None:
        """Skip to the end of the line that ``read_line`` has just refused; return its last octets,
        at most ``ENDING_OCTETS``, the line end among them; None where it has not come yet."""
        if self._skipping:
            end = self._buffer.find(b"\n")
            self._drop(len(self._buffer) if end < 0 else end + 1)
            if end < 0:
                return None
            self._skipping = False
        ending, self._ending = self._ending, b""
        return ending

    def read_some(self, limit_octets: int) -> bytes | None:
        """Read what is there, at most *limit_octets*; None when nothing is there."""
        buffer = self._buffer
        if not buffer or limit_octets <= 0:
            return None
        if len(buffer) <= limit_octets:
            octets = bytes(buffer)
            buffer.clear()
        else:
            octets = bytes(memoryview(buffer)[:limit_octets])
            del buffer[:limit_octets]
        self._searched = 0
        return octets

    def read_exactly(self, octets: int) -> bytes | None:
        """Read a counted block; None when it is not whole yet. The caller has judged the count."""
        buffer = self._buffer
        if len(buffer) < octets:
            return None
        block = bytes(memoryview(buffer)[:octets])
        del buffer[:octets]
        self._searched = 0
        return block

    def unread(self, octets: bytes) -> None:
        """Put octets back in front: what a body reader was given beyond the body's end."""
        if octets:
            self._buffer[:0] = octets
            self._searched = 0

    def peek(self, octets: int) -> bytes:
        """Return the next octets, at most so many, without reading them."""
        return bytes(memoryview(self._buffer)[:octets])

    def find(self, octets: bytes, start: int = 0, stop: int | None = None) -> int:
        """Return where some octets begin in what is unread, -1 for nowhere; for formats whose
        units are not lines. Whoever looks again remembers how far it has looked."""
        return self._buffer.find(octets, start, stop)

    def count(self, octets: bytes, start: int = 0, stop: int | None = None) -> int:
        """Return how often some octets stand in what is unread."""
        return self._buffer.count(octets, start, stop)


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

    def take_input(self) -> bytes:
        """Return every octet received and not yet read, and forget them: they are meant for a layer
        that is put before the dialog."""
        octets = self._reader.peek(len(self._reader))
        self.discard_input()
        return octets

    def _end(self) -> EndOfInput | Need:
        """Return, where there is no whole line, the need for more or, once, the end of input."""
        if self._reader.eof and not self._eof_told:
            self._eof_told = True
            return EndOfInput()
        return NEED_DATA
