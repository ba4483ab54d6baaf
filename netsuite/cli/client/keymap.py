"""The keys and lines of a terminal, or of a pipe, as Telnet sends them; pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Discipline:
    """What a terminal does beside its mode, by the word of user and server.

    Args:
        escape: the key for commands; none where it is empty.
        signals: whether keys are signals; None: where the terminal edits lines.
        flow: whether XOFF stops it; None: as it was found, where it edits lines.
        restarts_with_any: whether any key then lets it go on.
        soft_tabs: whether it shows a tab as spaces.
        literal: whether it shows controls as they are.
        keys: octets by their functions (RFC 1184's); those that are not named stay.
    """

    escape: bytes = ESCAPE
    signals: bool | None = None
    flow: bool | None = None
    restarts_with_any: bool = False
    soft_tabs: bool = False
    literal: bool = False
    keys: Mapping[int, int] = field(default_factory=dict)


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


def key_named(name: str) -> bytes | None:
    """Return the octet of a key that is written ``^X``, or as itself; None where it is neither."""
    if len(name) == 2 and name[0] == "^" and "?" <= name[1].upper() <= "_":
        return bytes([ord(name[1].upper()) ^ 0x40])
    return name.encode() if len(name) == 1 and name.isascii() else None


def key_name(octet: bytes) -> str:
    """Return how a key is written."""
    code = octet[0]
    return f"^{chr(code ^ 0x40)}" if code < 0x20 or code == 0x7F else octet.decode("latin-1")


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

    def of_lines(self, octets: bytes, *, binary: bool = False) -> bytes:
        """Return what is sent for a piece of lines that end with LF or CR LF; any other CR is
        CR NUL.

        Args:
            binary: whether RFC 856 has the end of a line be one octet, as terminals have it: a
                server that is one would take CR LF for two.
        """
        octets = self._held + octets
        self._held = octets[-1:] if octets.endswith(b"\r") else b""
        octets = octets[: len(octets) - len(self._held)]
        plain = octets.replace(b"\r\n", b"\n")
        if binary:
            return plain
        plain = plain.replace(b"\r", b"\r\0")
        return plain.replace(b"\n", b"\r\n")

    def flush(self) -> bytes:
        """Return what was held back for what comes behind it."""
        held, self._held = self._held, b""
        return held and held + b"\0"
