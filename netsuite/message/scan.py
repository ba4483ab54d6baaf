"""MIME structure in one linear pass over streamed octets, in bounded memory.

The scanner never holds a body. It looks for the lines that matter (empty ones in a header,
boundaries in a body) with ``bytes.find`` and one compiled pattern, and remembers offsets. What
comes out depends on the octets alone, not on how they were cut.

LF alone ends a line here as CRLF does: content may have come through APPEND or an import.

Bounds, each a constant below: octets kept of headers, of all parts' headers together, depth,
number of parts, length of a boundary, octets kept for the preview. Beyond them a message loses
detail of its structure, never octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from netsuite.message.fields import (
    MESSAGE_RFC822,
    TEXT_PLAIN,
    PartHeader,
    all_values,
    envelope,
    first_values,
    message_id,
    part_header,
    references,
)
from netsuite.message.structure import Envelope, Part, Summary
from netsuite.message.text import Excerpt, preview
from netsuite.message.words import decode_words
from netsuite.wire.dates import parse_message_date

#: Kept of one header; what is beyond is passed over.
HEADER_OCTETS: Final = 256 * 1024
#: Kept of the headers of all parts together, the message's own not counted.
PART_HEADERS_OCTETS: Final = 4 * 1024 * 1024
#: Parts within parts; what is nested deeper is a part without children.
DEPTH: Final = 64
#: Parts in all; what comes after belongs to the last. Mail has a dozen, a digest some hundred, and
#: who asks for one of them has the whole structure read.
PARTS: Final = 1_000
#: RFC 2046, 5.1.1 allows 70; a longer one than this is none.
BOUNDARY_OCTETS: Final = 500
#: A line longer than this is no boundary, whatever it begins with.
BOUNDARY_LINE_OCTETS: Final = 998
#: Kept of the first plain and the first HTML text, coded, for the preview.
EXCERPT_OCTETS: Final = 16 * 1024
#: Kept of a decoded subject, in characters.
SUBJECT_CHARACTERS: Final = 4096
#: A date field longer than this is none.
DATE_OCTETS: Final = 256

_LOOK_BACK: Final = 3  # octets kept before the position: a line's octet and the CRLF after it
_header_stop: Final = re.compile(rb"\n(?=[\r\n-])")
_IDENTITY: Final = frozenset({b"7bit", b"8bit", b"binary"})
_MESSAGES: Final = frozenset({MESSAGE_RFC822, (b"message", b"global")})
_DIGEST: Final = (b"multipart", b"digest")


def _common_prefix(words: Iterable[bytes]) -> bytes:
    ordered = sorted(words)
    if not ordered:
        return b""
    first, last = ordered[0], ordered[-1]
    length = 0
    while length < len(first) and first[length : length + 1] == last[length : length + 1]:
        length += 1
    return first[:length]


@dataclass(slots=True, eq=False)
class _Node:
    """A part whose end has not been seen."""

    header_start: int
    default: tuple[bytes, bytes]
    embedded: bool  # within a message/rfc822
    header: PartHeader = field(init=False)  # this and the next two once it has ended
    body_start: int = field(init=False)
    lines_before: int = field(init=False)  # line ends before body_start
    boundary: bytes | None = None
    shadowed: int | None = None  # the outer level with the same boundary
    children: list[Part] = field(default_factory=list)
    envelope: Envelope | None = None


# Longer than 300 lines: offsets, lines and open parts change together at every boundary.
class Scanner:
    """Finds the structure of one message.

    ::

        scanner = Scanner()
        for chunk in chunks:
            scanner.feed(chunk)
        summary = scanner.finish()
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._position = 0  # in the buffer: what is before it has been taken
        self._base = 0  # offset in the message of the buffer's first octet
        self._lines = 0  # line ends before the position
        self._line_start = True
        self._stack = [_Node(0, TEXT_PLAIN, False)]
        self._parts = 1
        self._in_header = True
        self._header = bytearray()
        self._header_room = HEADER_OCTETS
        self._part_headers_room = PART_HEADERS_OCTETS
        self._active: dict[bytes, int] = {}  # boundary to level in the stack
        self._needle = b"\n--"
        self._excerpt: bytearray | None = None  # of the leaf being read
        self._plain: Excerpt | None = None
        self._html: Excerpt | None = None
        #: The fields of the message's own header, as ``all_values`` has them.
        self.fields: list[tuple[bytes, bytes]] = []
        self._values: dict[bytes, bytes] = {}  # the first of each name
        self._root: Part | None = None

    def feed(self, octets: bytes) -> None:
        """Take the next octets of the message."""
        done = self._position - _LOOK_BACK
        if done > 0:
            self._buffer = self._buffer[done:] + octets
            self._base += done
            self._position = _LOOK_BACK
        else:
            self._buffer += octets
        self._run(final=False)

    def finish(self) -> Summary:
        """Return what was found; the message ends here.

        Never raises for anything in the message. See RFC 2045, RFC 2046, RFC 5322.
        """
        if self._root is None:
            self._run(final=True)
            end = self._base + self._position
            self._close_to(-1, end, self._lines)
        root = self._root
        assert root is not None
        values = self._values
        sent = parse_message_date(values.get(b"date", b"")[:DATE_OCTETS])
        return Summary(
            root=root,
            envelope=envelope(values),
            sent=None if sent is None else int(sent.timestamp()),
            sent_day=None if sent is None else sent.year * 10000 + sent.month * 100 + sent.day,
            subject=decode_words(values.get(b"subject", b""))[:SUBJECT_CHARACTERS],
            preview=preview(self._plain, self._html),
            references=references(values),
            message_id=message_id(values),
        )

    # -- lines ----------------------------------------------------------------------------------

    def _run(self, *, final: bool) -> None:
        """Take all that can be judged; what is left is the start of a line that may matter."""
        while self._position < len(self._buffer):
            if self._line_start:
                taken = self._judge_line(final)
                if taken is None:
                    return
                if taken:
                    continue
                self._line_start = False
            self._pass_over(final)

    def _judge_line(self, final: bool) -> bool | None:
        """Look at a line's start: True if the line mattered and is taken, None if more of it
        must come first."""
        buffer, start = self._buffer, self._position
        first = buffer[start]
        if first == 0x2D:
            return self._judge_dashes(final) if self._active else False
        if not self._in_header or first not in b"\r\n":
            return False
        end = start + 1
        if first == 0x0D:
            if end == len(buffer):
                return False if final else None
            if buffer[end] != 0x0A:
                return False
            end += 1
        self._take(end)
        self._end_header(self._base + end)
        return True

    def _judge_dashes(self, final: bool) -> bool | None:
        buffer, start = self._buffer, self._position
        wanted = len(self._needle) - 1
        have = len(buffer) - start
        if have < wanted:
            if not final and self._needle.startswith(buffer[start:], 1):
                return None
            return False
        if not buffer.startswith(self._needle[1:], start):
            return False
        end = buffer.find(b"\n", start, start + BOUNDARY_LINE_OCTETS)
        if end < 0:
            if have >= BOUNDARY_LINE_OCTETS:
                return False
            if not final:
                return None
            end = len(buffer)
        line = buffer[start:end]
        return self._boundary(line, start, min(end + 1, len(buffer)))

    def _pass_over(self, final: bool) -> None:
        """Go to the start of the next line that may matter, or to the end of the buffer."""
        buffer, start = self._buffer, self._position
        if self._in_header:
            match = _header_stop.search(buffer, start)
            stop = match.end() if match else len(buffer)
        elif self._active:
            found = buffer.find(self._needle, start)
            if found >= 0:
                stop = found + 1
            else:
                stop = len(buffer)
                if not final:
                    last = buffer.rfind(b"\n", max(start, stop - len(self._needle) + 1))
                    if last >= 0:
                        stop = last + 1
        else:
            stop = len(buffer)
        self._take(stop)
        self._line_start = buffer[stop - 1] == 0x0A

    def _take(self, stop: int) -> None:
        buffer, start = self._buffer, self._position
        self._lines += buffer.count(b"\n", start, stop)
        if self._in_header:
            room = self._header_room - len(self._header)
            if room > 0:
                self._header += buffer[start : min(stop, start + room)]
        elif self._excerpt is not None:
            room = EXCERPT_OCTETS - len(self._excerpt)
            if room > 0:
                self._excerpt += buffer[start : min(stop, start + room)]
        self._position = stop

    def _ends_line(self, index: int) -> bool:
        """Return whether a line ends just before this index of the buffer."""
        return index > 0 and self._buffer[index - 1] == 0x0A

    # -- parts ----------------------------------------------------------------------------------

    def _boundary(self, line: bytes, start: int, next_line: int) -> bool:
        """Act on a line if it is a boundary.

        RFC 2046, 5.1.1::

            delimiter         := CRLF "--" boundary
            close-delimiter   := delimiter "--"
            transport-padding := *LWSP-char

        So the whole line must match but for white space at its end: one boundary may then be
        the beginning of another. (5.1.1 elsewhere asks only for the beginning to match.)
        """
        text = line.rstrip(b" \t\r")[2:]
        level = self._active.get(text, -1)
        close = self._active.get(text[:-2], -1) if text.endswith(b"--") else -1
        closing = close > level
        level = max(level, close)
        if level < 0 or (not closing and self._parts >= PARTS):
            return False
        # The line end before a boundary belongs to the boundary.
        end, lines = start, self._lines
        if self._ends_line(end):
            end, lines = end - 1, lines - 1
            if end > 0 and self._buffer[end - 1] == 0x0D:
                end -= 1
        self._close_to(level, self._base + end, lines)
        self._excerpt = None
        self._take(next_line)
        self._line_start = True
        node = self._stack[level]
        if closing:
            self._deactivate(node, level)
        else:
            default = MESSAGE_RFC822 if node.header.type == _DIGEST else TEXT_PLAIN
            self._open(self._base + next_line, default, node.embedded)
        return True

    def _open(self, offset: int, default: tuple[bytes, bytes], embedded: bool) -> None:
        self._stack.append(_Node(offset, default, embedded))
        self._parts += 1
        self._in_header = True
        self._header.clear()
        self._header_room = min(HEADER_OCTETS, self._part_headers_room)

    def _end_header(self, offset: int) -> None:
        """Read the header of the innermost part; its body starts at this offset."""
        stack = self._stack
        node = stack[-1]
        level = len(stack) - 1
        found = all_values(bytes(self._header))
        values = first_values(found)
        self._in_header = False
        if level == 0:
            self.fields, self._values = found, values
        else:
            self._part_headers_room -= len(self._header)
            parent = stack[level - 1]
            if parent.header.type in _MESSAGES:
                parent.envelope = envelope(values)
        self._header.clear()
        node.header = header = part_header(values, node.default)
        node.body_start = offset
        node.lines_before = self._lines
        if header.type[0] == b"multipart":
            boundary = header.parameter(b"boundary")
            if boundary and len(boundary) <= BOUNDARY_OCTETS and level < DEPTH:
                # White space at its end could not be told from padding.
                self._activate(node, boundary.rstrip(b" \t"), level)
        elif header.type in _MESSAGES:
            if header.encoding in _IDENTITY and level < DEPTH and self._parts < PARTS:
                self._open(offset, TEXT_PLAIN, True)
        elif header.type[0] == b"text" and not node.embedded:
            self._begin_excerpt(header)

    def _begin_excerpt(self, header: PartHeader) -> None:
        if header.disposition is not None and header.disposition[0] == b"attachment":
            return
        wanted = self._html if header.type[1] == b"html" else self._plain
        if wanted is None and header.type[1] in (b"plain", b"html"):
            self._excerpt = bytearray()

    def _activate(self, node: _Node, boundary: bytes, level: int) -> None:
        node.boundary = boundary
        node.shadowed = self._active.get(boundary)
        self._active[boundary] = level
        self._needle = b"\n--" + _common_prefix(self._active)

    def _deactivate(self, node: _Node, level: int) -> None:
        if node.boundary is None:
            return
        if node.shadowed is None:
            del self._active[node.boundary]
        else:
            self._active[node.boundary] = node.shadowed
        node.boundary = None
        self._needle = b"\n--" + _common_prefix(self._active)

    def _close_to(self, level: int, end: int, lines: int) -> None:
        """End all parts deeper than a level at this offset.

        Args:
            lines: line ends before the offset.
        """
        while self._in_header:  # a header that no empty line ended has no body
            self._end_header(max(end, self._stack[-1].header_start))
        stack = self._stack
        while len(stack) > level + 1:
            node = stack.pop()
            self._deactivate(node, len(stack))
            part = self._part(node, end, lines)
            if stack:
                stack[-1].children.append(part)
            else:
                self._root = part

    def _part(self, node: _Node, end: int, lines: int) -> Part:
        header, start = node.header, node.body_start
        count = 0
        if end > start:
            count = lines - node.lines_before
        else:
            end = start
        if self._excerpt is not None and not node.children:
            self._end_excerpt(header, end - start)
        return Part(
            type=header.type,
            parameters=header.parameters,
            header_start=node.header_start,
            body_start=start,
            body_end=end,
            lines=count,
            encoding=header.encoding,
            id=header.id,
            description=header.description,
            md5=header.md5,
            disposition=header.disposition,
            language=header.language,
            location=header.location,
            children=tuple(node.children),
            envelope=node.envelope,
        )

    def _end_excerpt(self, header: PartHeader, octets: int) -> None:
        assert self._excerpt is not None
        taken = bytes(self._excerpt[:octets])
        self._excerpt = None
        if not taken.strip():
            return  # a later part may have more to say
        charset = header.parameter(b"charset")
        excerpt = Excerpt(taken, header.encoding, charset)
        if header.type[1] == b"html":
            self._html = excerpt
        else:
            self._plain = excerpt


def scan(octets: bytes) -> Summary:
    """Find the structure of a whole message."""
    scanner = Scanner()
    scanner.feed(octets)
    return scanner.finish()
