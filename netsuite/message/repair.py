"""A message made fit for every door while it comes: whole line ends, no NUL, nothing binary.

What a store keeps is sent on by doors whose protocols know lines only. Were it kept with an LF
alone, POP3 and NNTP would send other octets than IMAP, and another number of them than the size
that was told. So it is mended once, where it comes in:

- a CR or LF alone becomes CRLF (RFC 5322, 2.3);
- a NUL, which no literal but ``literal8`` may hold, becomes 0x80, so that the size stays;
- a part whose encoding is *binary* is coded in base64, without loss (RFC 3516, 4.4 lets a server
  do that); a multipart or message that says so of itself is called *8bit*, which it then is.
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Final

from netsuite.message.fields import (
    MESSAGE_RFC822,
    TEXT_PLAIN,
    all_values,
    first_values,
    part_header,
)
from netsuite.message.headers import header_end, strip
from netsuite.wire.reader import CRLF, has_bare_line_end

#: A longer header is none: what comes is passed on as text.
HEADER_OCTETS: Final = 256 * 1024
#: A longer line is no boundary.
BOUNDARY_LINE_OCTETS: Final = 998
DEPTH: Final = 64
#: Octets that make a line of base64 (RFC 2045, 6.8: 76 characters at most).
_LINE_OCTETS: Final = 57
_ENCODING: Final = b"content-transfer-encoding"
_MESSAGES: Final = frozenset({MESSAGE_RFC822, (b"message", b"global")})


class TextRepair:
    """Makes every line end CRLF and every NUL 0x80, in octets that come in pieces."""

    def __init__(self) -> None:
        self._held = b""  # a CR whose LF may follow

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; return what they become."""
        if self._held:
            octets, self._held = self._held + octets, b""
        if octets.endswith(b"\r"):
            octets, self._held = octets[:-1], b"\r"
        return _mended(octets)

    def finish(self) -> bytes:
        """Return what is left."""
        held, self._held = self._held, b""
        return _mended(held)


def _mended(octets: bytes) -> bytes:
    if b"\0" in octets:
        octets = octets.replace(b"\0", b"\x80")
    if has_bare_line_end(octets):
        octets = octets.replace(CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", CRLF)
    return octets


class _Base64:
    """Codes octets that come in pieces in lines of base64."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> bytes:
        octets = self._rest + octets
        whole = len(octets) - len(octets) % _LINE_OCTETS
        self._rest = octets[whole:]
        return b"".join(
            [
                b2a_base64(octets[start : start + _LINE_OCTETS], newline=False) + CRLF
                for start in range(0, whole, _LINE_OCTETS)
            ]
        )

    def finish(self) -> bytes:
        rest, self._rest = self._rest, b""
        return b2a_base64(rest, newline=False) + CRLF if rest else b""


class BinaryRepair:
    """The same of a message that may have binary parts, which it looks for as it comes."""

    def __init__(self) -> None:
        self._buffer = b""
        self._position = 0  # in the buffer: what is before it has been taken
        self._in_header = True
        self._default = TEXT_PLAIN
        self._boundaries: list[tuple[bytes, bool]] = []  # and whether it is a digest's
        self._line_start = True  # the buffer begins a line of a body
        self._body: TextRepair | _Base64 = TextRepair()
        self._searched = 0  # in a header: no empty line ends before

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets; return what they become."""
        self._buffer += octets
        return self._run(final=False)

    def finish(self) -> bytes:
        """Return what is left."""
        return self._run(final=True) + self._body.finish()

    def _run(self, *, final: bool) -> bytes:
        out: list[bytes] = []
        while self._position < len(self._buffer):
            taken = self._take_header(final) if self._in_header else self._take_body(final)
            if taken is None:
                break
            out.append(taken)
        self._buffer = self._buffer[self._position :]
        self._position = 0
        return b"".join(out)

    # -- headers ------------------------------------------------------------------------------

    def _take_header(self, final: bool) -> bytes | None:
        buffer, start = self._buffer, self._position
        begun = max(start, start + self._searched - 3)
        ended = buffer.find(b"\n\r\n", begun) >= 0 or buffer.find(b"\n\n", begun) >= 0
        if not ended and not buffer.startswith((CRLF, b"\n"), start):
            self._searched = len(buffer) - start
            if self._searched > HEADER_OCTETS:
                self._boundaries.clear()
                self._in_header = False
                return b""
            if not final:
                return None
        rest = buffer[start:]
        end = header_end(rest)
        self._position += end
        self._searched = 0
        return self._began(_mended(rest[:end]))

    def _began(self, header: bytes) -> bytes:
        """Accept a part's header; return it as it is passed on."""
        part = part_header(first_values(all_values(header)), self._default)
        self._in_header = False
        self._line_start = True
        self._body = TextRepair()
        binary = part.encoding == b"binary"
        if part.type[0] == b"multipart":
            boundary = (part.parameter(b"boundary") or b"").rstrip(b" \t")
            if boundary and len(self._boundaries) < DEPTH:
                self._boundaries.append((boundary, part.type[1] == b"digest"))
            return _recoded(header, b"8bit") if binary else header
        if part.type in _MESSAGES and part.encoding in (b"7bit", b"8bit", b"binary"):
            self._in_header, self._default = True, TEXT_PLAIN
            return _recoded(header, b"8bit") if binary else header
        if binary:
            self._body = _Base64()
            return _recoded(header, b"base64")
        return header

    # -- bodies -------------------------------------------------------------------------------

    def _take_body(self, final: bool) -> bytes | None:
        buffer, place = self._buffer, self._position
        if not self._boundaries:
            return self._pass(len(buffer))
        start = place
        if not self._line_start:
            start = buffer.find(b"\n--", place) + 1
            if not start:  # no line that could be a boundary, but CR LF - - may be on their way
                return self._pass(len(buffer) if final else max(place, len(buffer) - 4))
            # What comes before: the line end belongs to the boundary, if it is one.
            before = start - 2 if buffer.startswith(CRLF, start - 2) else start - 1
            if before > place:
                return self._pass(before)
        end = buffer.find(b"\n", start, start + BOUNDARY_LINE_OCTETS)
        if end < 0:
            if not final and len(buffer) - start < BOUNDARY_LINE_OCTETS and _may_be(buffer, start):
                return None
            end = len(buffer) - 1
        line = buffer[start : end + 1]
        level = self._level_of(line)
        if level is None:
            self._line_start = False
            # Its own line end may be a boundary's, so it is kept.
            stop = max(start, end - buffer.startswith(CRLF, end - 1))
            return self._pass(stop) if stop > place or not final else self._pass(len(buffer))
        self._position = end + 1
        text = isinstance(self._body, TextRepair)
        before_it = self._body.feed(buffer[place:start]) if text else b""
        return before_it + self._body.finish() + self._delimited(line, level)

    def _pass(self, stop: int) -> bytes | None:
        """Take the body's octets up to there; None where that is none."""
        start = self._position
        if stop == start:
            return None
        self._position = stop
        self._line_start = False
        return self._body.feed(self._buffer[start:stop])

    def _level_of(self, line: bytes) -> int | None:
        text = line.rstrip(b" \t\r\n")
        for level in range(len(self._boundaries) - 1, -1, -1):
            boundary = b"--" + self._boundaries[level][0]
            if text in (boundary, boundary + b"--"):
                return level
        return None

    def _delimited(self, line: bytes, level: int) -> bytes:
        """Accept a boundary; return it as it is passed on."""
        boundary, is_digest = self._boundaries[level]
        closing = line.rstrip(b" \t\r\n") != b"--" + boundary
        del self._boundaries[level if closing else level + 1 :]
        self._body = TextRepair()
        self._line_start = closing
        self._in_header = not closing
        self._default = MESSAGE_RFC822 if is_digest else TEXT_PLAIN
        return _mended(line)


def _may_be(buffer: bytes, start: int) -> bool:
    """Return whether a line may yet be a boundary."""
    return buffer.startswith(b"--", start) or b"--".startswith(buffer[start : start + 2])


def _recoded(header: bytes, encoding: bytes) -> bytes:
    """Return a header that says another encoding."""
    header = strip(header, [_ENCODING])
    end = header_end(header)
    empty = len(CRLF) if header.endswith(b"\n\r\n") or header == CRLF else 0
    field = b"Content-Transfer-Encoding: %b\r\n" % encoding
    return header[: end - empty] + field + header[end - empty :]
