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
    TOGGLE_FLOW: Final = 33  # RFC 1372: TOGGLE-FLOW-CONTROL
    LINEMODE: Final = 34  # RFC 1184
    NEW_ENVIRON: Final = 39  # RFC 1572
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


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment, or the wish to know it.

    Args:
        value: None where it is not defined, or asked for.
        user: whether it is the user's own (USERVAR), and none of RFC 1572, 5.
    """

    name: str
    value: str | None = None
    user: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentSend:
    """The server asks for variables; none named: all there are, and so for a kind without a
    name."""

    wanted: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentIs:
    """The client tells variables, as an answer or because they have *changed*."""

    variables: tuple[Variable, ...]
    changed: bool = False


class Flow(enum.IntEnum):
    """What the terminal is to do with XON and XOFF (RFC 1372, 1)."""

    OFF = 0
    ON = 1
    RESTART_ANY = 2
    RESTART_XON = 3


@dataclass(frozen=True, slots=True)
class FlowControl:
    """The server wants the terminal's flow control otherwise."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class LineMode:
    """The mode of a line: who edits it, who makes signals of keys.

    Args:
        mask: bits of ``Edit``.
    """

    mask: int


class Edit(enum.IntFlag):
    """The bits of a mode (RFC 1184, 2.2)."""

    EDIT = 1
    TRAPSIG = 2
    ACK = 4
    SOFT_TAB = 8
    LIT_ECHO = 16


@dataclass(frozen=True, slots=True)
class ForwardMask:
    """Whether characters of a set are sent at once, without the line's end.

    Args:
        mask: a bit a character, the highest bit first; behind its end none is set.
    """

    verb: Verb
    mask: bytes = b""


class Key(enum.IntEnum):
    """The functions that keys may have (RFC 1184, 2.4); 0 stands for all of them."""

    ALL = 0
    SYNCH = 1
    BRK = 2
    IP = 3
    AO = 4
    AYT = 5
    EOR = 6
    ABORT = 7
    EOF = 8
    SUSP = 9
    EC = 10
    EL = 11
    EW = 12
    RP = 13
    LNEXT = 14
    XON = 15
    XOFF = 16
    FORW1 = 17
    FORW2 = 18


class Level(enum.IntEnum):
    """How far a key's function is supported, in the low bits of its modifiers."""

    NOSUPPORT = 0
    CANTCHANGE = 1
    VALUE = 2
    DEFAULT = 3


#: The other bits of modifiers: an answer that agrees; input, or output, is to be flushed.
SLC_ACK: Final = 128
SLC_FLUSHIN: Final = 64
SLC_FLUSHOUT: Final = 32


@dataclass(frozen=True, slots=True)
class SpecialCharacter:
    """The key of a function.

    Args:
        function: of ``Key``, or another.
        modifiers: a ``Level`` and bits.
        character: the octet it gives.
    """

    function: int
    modifiers: int
    character: int


@dataclass(frozen=True, slots=True)
class SpecialCharacters:
    """Keys that are proposed, agreed to, or refused."""

    characters: tuple[SpecialCharacter, ...]


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
    | EnvironmentSend
    | EnvironmentIs
    | FlowControl
    | LineMode
    | ForwardMask
    | SpecialCharacters
)
