"""The rewriter of a message on its way in: its header read as it comes, trace fields put before.

Only the header is held; one larger than ``HEADER_OCTETS`` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from netsuite.message.headers import field, header_end, strip

#: Larger headers are nobody's letters, and cost whoever reads them: Postfix's limit is 100 KB.
HEADER_OCTETS: Final = 256 * 1024

# Both for a header in lower case.
_received: Final = re.compile(rb"^received[ \t]*:", re.MULTILINE)
_return_path: Final = re.compile(rb"^return-path[ \t]*:", re.MULTILINE)
#: The line between the messages of an mbox file, which some programs send along (RFC 4155).
_mbox_line: Final = re.compile(rb">?From [^\n]*\n(?=[!-9;-~]+:)")


class HeaderRewriter:
    """Turns the octets of a body into what is stored.

    Args:
        trace: the octets to put first.
        completion: returns a header as it is to be; None where it stays as it is. What it raises
            is raised to the caller.
    """

    __slots__ = ("_completion", "_header", "_searched", "_trace", "hops", "too_large")

    def __init__(self, trace: bytes, completion: Callable[[bytes], bytes] | None = None) -> None:
        self._trace = trace
        self._completion = completion
        self._header: bytearray | None = bytearray()
        self._searched = 0  # no empty line begins before this index
        #: Received fields the message came with; known once something has been given out.
        self.hops = 0
        #: Whether a header began and did not end in time; nothing more is given then.
        self.too_large = False

    def feed(self, octets: bytes) -> bytes:
        """Accept a piece of the body; return what is to be stored, often later than it came."""
        if self._header is None:
            return octets
        if self.too_large:
            return b""
        header = self._header
        header += octets
        end = self._end(header)
        if end < 0 and len(header) < HEADER_OCTETS + 4:  # its end may just be coming
            return b""
        if not 0 <= end <= HEADER_OCTETS and (_mbox_line.match(header) or field.match(header)):
            self.too_large = True
            header.clear()
            return b""
        return self._begin(header)

    def finish(self) -> bytes:
        """Return what is still held back; the message ends here."""
        return self._begin(self._header) if self._header is not None else b""

    def _end(self, header: bytearray) -> int:
        """Return where the header ends; -1 while that has not come."""
        if header.startswith(b"\r\n"):
            return 0
        end = header.find(b"\r\n\r\n", self._searched)
        self._searched = max(0, len(header) - 3)
        return end

    def _begin(self, whole: bytearray) -> bytes:
        octets = bytes(whole)
        self._header = None
        end = header_end(octets)
        header, body = octets[:end], octets[end:]
        mbox_line = _mbox_line.match(header)
        if mbox_line:
            header = header[mbox_line.end() :]
        if not header.startswith(b"\r\n") and not field.match(header):
            # Text without a header: an empty line keeps it from becoming part of ours (a line
            # that begins with white space would even go on with our last field).
            header, body = b"\r\n", octets
        # A plain search first: where nothing is found, and that is most often, it is enough.
        lowered = header.lower()
        if b"received" in lowered:
            self.hops = len(_received.findall(lowered))
        if b"return-path" in lowered and _return_path.search(lowered):
            header = strip(header, [b"Return-Path"])  # RFC 5321, 4.4: there is only one, ours
        if self._completion is not None:
            header = self._completion(header)
        return b"".join((self._trace, header, body))
