"""Dot-stuffing, both ways: bodies that end with a dot on a line of its own (RFC 5321, 4.5.2).

The same rule serves SMTP, POP3 (RFC 1939, 3), NNTP (RFC 3977, 3.1.1) and Gopher. Both classes
are streams: they take pieces cut anywhere, and searching is left to ``bytes`` methods.
"""

from __future__ import annotations

from typing import Final

from netsuite.wire.reader import CRLF, has_bare_line_end

END: Final = b"\r\n.\r\n"
DOT: Final = b"\r\n."


def _held_back(octets: bytes) -> int:
    """Count the octets at the end that may be the beginning of ``END``."""
    for length in (4, 3, 2, 1):
        if octets.endswith(END[:length]):
            return length
    return 0


class DotUnstuffer:
    """Takes a dot-stuffed body as it comes off the wire, gives the body.

    Only CRLF.CRLF ends it: a dot between bare line ends is data, so that nobody can hide one
    message in another. Whether CR or LF stood alone is told in ``bare``; a caller that
    refuses such bodies reads on to the end first, and then answers.
    """

    __slots__ = ("_held", "_virtual", "bare", "ended", "rest")

    def __init__(self) -> None:
        # The command's own CRLF stands before the body: with it in place the first line needs
        # no rule of its own.
        self._held = CRLF
        self._virtual = len(CRLF)
        self.ended = False
        #: Whether CR or LF stood alone in what was fed.
        self.bare = False
        #: What followed the end: the next command's octets.
        self.rest = b""

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets.

        Args:
            octets: what the transport brought; after the end they are added to ``rest``.

        Returns:
            The next octets of the body, often not those just fed; its last line keeps its CRLF.
        """
        if self.ended:
            self.rest += octets
            return b""
        octets = self._held + octets if self._held else octets
        # One search tells for most pieces that there is neither an end nor a dot to drop; for
        # one octet it is many times as fast, and what is in base64 has no dot at all.
        dot = octets.find(DOT) if b"." in octets else -1
        end = octets.find(END, dot) if dot >= 0 else -1
        if end >= 0:
            self.ended = True
            self._held = b""
            self.rest = octets[end + len(END) :]
            body = octets[: end + len(CRLF)]
        else:
            held = _held_back(octets)
            self._held = octets[len(octets) - held :]
            body = octets[: len(octets) - held] if held else octets
            if not body:
                return b""
        # A piece never ends between CR and LF (such a CR is held back), so each is judged alone.
        if not self.bare and has_bare_line_end(body):
            self.bare = True
        if dot >= 0 and dot != end:  # where the first dot is the end's there is none to drop
            body = body.replace(DOT, CRLF)
        if self._virtual:
            body = body[self._virtual :]
            self._virtual = 0
        return body


class DotStuffer:
    """Takes a body, gives it as it goes on the wire.

    Args:
        convert_bare: whether a CR or LF alone becomes CRLF. Some receivers take those for line
            ends, and a dot after one for the end of the body; so whoever passes on what others
            wrote converts, or has refused it before.
    """

    __slots__ = ("_at_line_start", "_convert", "_held")

    def __init__(self, *, convert_bare: bool = False) -> None:
        self._convert = convert_bare
        self._held = b""  # a CR whose LF may follow
        self._at_line_start = True

    def feed(self, octets: bytes) -> bytes:
        """Take the next octets of the body; return octets for the wire."""
        if self._held:
            octets = self._held + octets
            self._held = b""
        if octets.endswith(b"\r"):
            self._held = b"\r"
            octets = octets[:-1]
        return self._stuffed(octets)

    def _stuffed(self, octets: bytes) -> bytes:
        if not octets:
            return b""
        if self._convert and has_bare_line_end(octets):
            octets = octets.replace(CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", CRLF)
        first = b"." if self._at_line_start and octets.startswith(b".") else b""
        self._at_line_start = octets.endswith(CRLF)
        return first + octets.replace(DOT, b"\r\n..")

    def finish(self) -> bytes:
        """Return what ends the body on the wire: a CRLF if it has none, the dot, a CRLF."""
        last, self._held = self._stuffed(self._held), b""
        return last + (b".\r\n" if self._at_line_start else END)
