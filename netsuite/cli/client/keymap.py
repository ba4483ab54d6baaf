"""The keys and lines of a terminal, or of a pipe, as Telnet sends them; pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from netsuite.telnet.commands import Code

#: Ctrl-], as every Telnet client has it.
ESCAPE: Final = b"\x1d"


class Mode(enum.Enum):
    """The modes of a terminal: who edits a line, and who shows what is typed."""

    LINES = "the terminal edits and shows lines"
    HIDDEN_LINES = "the terminal edits lines, the server shows them"
    KEYS_SHOWN = "the server has every key, the terminal shows it"
    KEYS = "the server has every key, and shows it"


#: By whether the server echoes, and whether it suppresses go-aheads (RFC 857, RFC 858): the first
#: alone hides a password that is still edited here.
_MODES: Final[Mapping[tuple[bool, bool], Mode]] = {
    (False, False): Mode.LINES,
    (True, False): Mode.HIDDEN_LINES,
    (False, True): Mode.KEYS_SHOWN,
    (True, True): Mode.KEYS,
}

#: What ``send`` can send: name to function.
FUNCTIONS: Final[Mapping[str, Code]] = {
    "ayt": Code.AYT, "ip": Code.IP, "brk": Code.BRK, "ao": Code.AO, "ec": Code.EC, "el": Code.EL,
    "eof": Code.EOF, "susp": Code.SUSP, "abort": Code.ABORT,
}  # fmt: skip


def mode_of(*, echo: bool, suppress_go_ahead: bool) -> Mode:
    """Return the mode of a terminal, from the server's half of the two options."""
    return _MODES[echo, suppress_go_ahead]


class LineEnds:
    """Makes line ends those of the network: CR LF (RFC 854; RFC 1123, 3.3.1)."""

    def __init__(self) -> None:
        self._held = b""

    def of_keys(self, octets: bytes, *, binary: bool) -> bytes:
        """Return what is sent for keys: Enter gives CR.

        Args:
            binary: whether RFC 856 has it sent as it is.
        """
        return self.flush() + (octets if binary else octets.replace(b"\r", b"\r\n"))

    def of_lines(self, octets: bytes) -> bytes:
        """Return what is sent for a piece of lines that end with LF or CR LF; any other CR is
        CR NUL."""
        octets = self._held + octets
        self._held = octets[-1:] if octets.endswith(b"\r") else b""
        octets = octets[: len(octets) - len(self._held)]
        plain = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\r\0")
        return plain.replace(b"\n", b"\r\n")

    def flush(self) -> bytes:
        """Return what was held back for what comes behind it."""
        held, self._held = self._held, b""
        return held and held + b"\0"
