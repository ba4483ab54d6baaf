"""TYPE A: line ends of a file to those of the network and back, in pieces (RFC 959, 3.1.1.1)."""

from __future__ import annotations

import re
from typing import Final

_bare_lf: Final = re.compile(rb"(?<!\r)\n")


class ToNetwork:
    """Makes CR LF of each LF that is not behind a CR already."""

    __slots__ = ("_after_cr",)

    def __init__(self) -> None:
        self._after_cr = False

    def feed(self, octets: bytes) -> bytes:
        """Take a piece of a file; return what goes on the wire."""
        if not octets:
            return b""
        after_cr, self._after_cr = self._after_cr, octets.endswith(b"\r")
        if after_cr and octets.startswith(b"\n"):
            return b"\n" + _bare_lf.sub(b"\r\n", octets[1:])
        return _bare_lf.sub(b"\r\n", octets)


class FromNetwork:
    """Makes LF of each CR LF; a CR alone stays what it is."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = b""

    def feed(self, octets: bytes) -> bytes:
        """Take what came; return what goes into the file. A CR at the end is held back."""
        if not octets:
            return b""
        octets = self._held + octets
        self._held = b""
        if octets.endswith(b"\r"):
            self._held = b"\r"
            octets = octets[:-1]
        return octets.replace(b"\r\n", b"\n")

    def finish(self) -> bytes:
        """Return what was held back."""
        held, self._held = self._held, b""
        return held
