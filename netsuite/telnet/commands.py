"""The values of Telnet: functions, negotiations, subnegotiations; and data between them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, TypeAlias


class Code(enum.IntEnum):
    """The octets that follow IAC (RFC 854, "TELNET COMMAND STRUCTURE"; RFC 885; RFC 1184, 2)."""

    EOF = 236
    SUSP = 237
    ABORT = 238
    EOR = 239
    SE = 240
    NOP = 241
    DM = 242
    BRK = 243
    IP = 244
    AO = 245
    AYT = 246
    EC = 247
    EL = 248
    GA = 249
    SB = 250
    WILL = 251
    WONT = 252
    DO = 253
    DONT = 254
    IAC = 255


class Verb(enum.IntEnum):
    """The four octets that negotiate."""

    WILL = Code.WILL
    WONT = Code.WONT
    DO = Code.DO
    DONT = Code.DONT


class Option:
    """Numbers of the options spoken here. A peer may name any of 256, so they are no enum."""

    BINARY: Final = 0  # RFC 856
    ECHO: Final = 1  # RFC 857
    SGA: Final = 3  # RFC 858: SUPPRESS-GO-AHEAD
    STATUS: Final = 5  # RFC 859
    TIMING_MARK: Final = 6  # RFC 860
    TTYPE: Final = 24  # RFC 1091: TERMINAL-TYPE
    EOR: Final = 25  # RFC 885: END-OF-RECORD
    NAWS: Final = 31  # RFC 1073
    CHARSET: Final = 42  # RFC 2066


@dataclass(frozen=True, slots=True)
class Data:
    """Octets between commands, doubled IACs made single."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Function:
    """A command of two octets: IP, AYT ... ; one that no RFC names is told all the same."""

    code: int


@dataclass(frozen=True, slots=True)
class Negotiation:
    """WILL, WONT, DO or DONT, and an option."""

    verb: Verb
    option: int


@dataclass(frozen=True, slots=True)
class Subnegotiation:
    """The octets between IAC SB and IAC SE, doubled IACs made single."""

    option: int
    octets: bytes


Token: TypeAlias = Data | Function | Negotiation | Subnegotiation


# -- what subnegotiations mean -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WindowSize:
    """NAWS: in characters; 0 for unspecified (RFC 1073, 3)."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class TerminalTypeSend:
    """The server asks for the next terminal type."""


@dataclass(frozen=True, slots=True)
class TerminalTypeIs:
    """The client names one."""

    name: str


@dataclass(frozen=True, slots=True)
class StatusSend:
    """The peer asks how we think the options stand."""


@dataclass(frozen=True, slots=True)
class StatusIs:
    """The options that are on, as one side thinks."""

    options: tuple[Negotiation, ...]


@dataclass(frozen=True, slots=True)
class CharsetRequest:
    """Character sets to choose from, the most wanted first."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CharsetAccepted:
    """The one chosen."""

    name: str


@dataclass(frozen=True, slots=True)
class CharsetRejected:
    """None was chosen."""


@dataclass(frozen=True, slots=True)
class TranslationTable:
    """The peer offers a table between two character sets, which nobody here takes."""


@dataclass(frozen=True, slots=True)
class TranslationTableRejected:
    """The answer to such a table."""


Meaning: TypeAlias = (
    WindowSize
    | TerminalTypeSend
    | TerminalTypeIs
    | StatusSend
    | StatusIs
    | CharsetRequest
    | CharsetAccepted
    | CharsetRejected
    | TranslationTable
    | TranslationTableRejected
)
