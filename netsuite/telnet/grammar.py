"""Octets to data and commands, and back (RFC 854, RFC 855); what subnegotiations hold.

::

    stream          = *( data / command )
    data            = %d0-254 / IAC IAC
    command         = IAC function / IAC verb option / IAC SB option *parameter IAC SE
    parameter       = %d0-254 / IAC IAC
"""

from __future__ import annotations

from typing import Final

from netsuite.telnet.commands import (
    CharsetAccepted,
    CharsetRejected,
    CharsetRequest,
    Code,
    Data,
    Function,
    Meaning,
    Negotiation,
    Option,
    StatusIs,
    StatusSend,
    Subnegotiation,
    TerminalTypeIs,
    TerminalTypeSend,
    Token,
    TranslationTable,
    TranslationTableRejected,
    Verb,
    WindowSize,
)
from netsuite.wire.errors import RemoteProtocolError
from netsuite.wire.reader import OctetReader

IAC: Final = b"\xff"
_DOUBLED: Final = b"\xff\xff"
_SE: Final = bytes([Code.IAC, Code.SE])
#: What a subnegotiation may hold.
SUBNEGOTIATION_OCTETS: Final = 4096
#: Data that is given at once.
CHUNK_OCTETS: Final = 65536
#: RFC 1091, 6.
TERMINAL_TYPE_CHARACTERS: Final = 40

# RFC 1091, 2 and RFC 859, 2; RFC 2066, 1.
_IS, _SEND = 0, 1
_REQUEST, _ACCEPTED, _REJECTED, _TTABLE_IS, _TTABLE_REJECTED = 1, 2, 3, 4, 5
#: RFC 2066, 2: this and an octet of version before the list.
_TTABLE: Final = b"[TTABLE]"


class TelnetReader:
    """Reads tokens from octets, the same for every way of cutting them into pieces.

    Clean text is found by one search for IAC and given in one piece.
    """

    __slots__ = ("_parameters", "_reader")

    def __init__(self) -> None:
        self._reader = OctetReader()
        self._parameters: bytearray | None = None  # of the subnegotiation we are in

    def __len__(self) -> int:
        return len(self._reader)

    @property
    def eof(self) -> bool:
        """Whether nothing more will come."""
        return self._reader.eof

    def feed(self, octets: bytes) -> None:
        """Accept what the transport brought."""
        self._reader.feed(octets)

    def feed_eof(self) -> None:
        """Accept that nothing more will come."""
        self._reader.feed_eof()

    def discard(self) -> int:
        """Drop what is unread; return how many octets that was."""
        self._parameters = None
        return self._reader.discard()

    def next(self) -> Token | None:
        """Return the next token; None when it is not whole yet.

        Raises:
            RemoteProtocolError: a subnegotiation is longer than ``SUBNEGOTIATION_OCTETS``.
        """
        reader = self._reader
        while True:
            if self._parameters is not None:
                ended, whole = self._subnegotiation(self._parameters)
                if ended is not None or not whole:
                    return ended
                continue
            at = reader.find(IAC, 0, CHUNK_OCTETS)
            if at != 0:
                octets = reader.read_some(CHUNK_OCTETS if at < 0 else at)
                return None if octets is None else Data(octets)
            if len(reader) < 2:
                return None
            code = reader.peek(2)[1]
            if code == Code.IAC:
                reader.read_exactly(2)
                return Data(IAC)
            if Code.WILL <= code <= Code.DONT:
                command = reader.read_exactly(3)
                return None if command is None else Negotiation(Verb(code), command[2])
            reader.read_exactly(2)
            if code == Code.SB:
                self._parameters = bytearray()
            elif code != Code.SE:  # outside of a subnegotiation it ends nothing
                return Function(code)

    def _subnegotiation(self, parameters: bytearray) -> tuple[Subnegotiation | None, bool]:
        """Go on reading a subnegotiation; return it, and whether it has ended."""
        reader = self._reader
        while True:
            at = reader.find(IAC, 0, SUBNEGOTIATION_OCTETS + 2)
            if at != 0:
                parameters += reader.read_some(SUBNEGOTIATION_OCTETS + 2 if at < 0 else at) or b""
            if len(parameters) > SUBNEGOTIATION_OCTETS + 1:  # the option's number comes first
                self._parameters = None
                raise RemoteProtocolError(
                    f"a subnegotiation of more than {SUBNEGOTIATION_OCTETS} octets", close=True
                )
            if len(reader) < 2:
                return None, False
            code = reader.peek(2)[1]
            if code == Code.IAC:
                reader.read_exactly(2)
                parameters += IAC
                continue
            self._parameters = None
            if code != Code.SE:
                # Not allowed (RFC 855): what was begun is dropped, the command taken as it is.
                return None, True
            reader.read_exactly(2)
            if not parameters:
                return None, True
            return Subnegotiation(parameters[0], bytes(parameters[1:])), True


def format_token(token: Token) -> bytes:
    """Print a token."""
    if isinstance(token, Data):
        return escape(token.octets)
    if isinstance(token, Function):
        return bytes([Code.IAC, token.code])
    if isinstance(token, Negotiation):
        return bytes([Code.IAC, token.verb, token.option])
    return bytes([Code.IAC, Code.SB, token.option]) + escape(token.octets) + _SE


def escape(octets: bytes) -> bytes:
    """Double every IAC."""
    return octets.replace(IAC, _DOUBLED)


def network_text(text: str, encoding: str) -> bytes:
    """Print text for the network virtual terminal: a line ends with CR LF, and a CR that ends
    none is CR NUL (RFC 854, "THE NVT PRINTER AND KEYBOARD").

    Args:
        text: its lines end with LF.
        encoding: a character that it does not have becomes a question mark.
    """
    octets = text.encode(encoding, "replace")
    if b"\r" in octets:
        octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\r\0")
    return escape(octets.replace(b"\n", b"\r\n"))


# -- subnegotiations -----------------------------------------------------------------------------


def parse_meaning(said: Subnegotiation) -> Meaning | None:
    """Return what a subnegotiation means; None where that cannot be told, and it is ignored."""
    octets = said.octets
    if said.option == Option.NAWS:
        if len(octets) != 4:
            return None
        return WindowSize(octets[0] << 8 | octets[1], octets[2] << 8 | octets[3])
    if said.option == Option.TTYPE:
        if octets == bytes([_SEND]):
            return TerminalTypeSend()
        return _terminal_type(octets[1:]) if octets[:1] == bytes([_IS]) else None
    if said.option == Option.STATUS:
        if octets == bytes([_SEND]):
            return StatusSend()
        return _status(octets[1:]) if octets[:1] == bytes([_IS]) else None
    if said.option == Option.CHARSET and octets:
        return _charset(octets[0], octets[1:])
    return None


def _terminal_type(octets: bytes) -> TerminalTypeIs | None:
    """Return the name of a terminal: it may be shown to people, so nothing but printable ASCII."""
    if not 0 < len(octets) <= TERMINAL_TYPE_CHARACTERS:
        return None
    if any(not 0x21 <= octet <= 0x7E for octet in octets):
        return None
    return TerminalTypeIs(octets.decode("ascii"))


def _status(octets: bytes) -> StatusIs | None:
    # RFC 859, 5: also SB option ... SE, with SE doubled; that says nothing that we look at.
    options: list[Negotiation] = []
    at = 0
    while at + 1 < len(octets):
        if octets[at] == Code.SB:
            end = at + 2
            while True:
                end = octets.find(bytes([Code.SE]), end)
                if end < 0:
                    return None
                if octets[end + 1 : end + 2] != bytes([Code.SE]):
                    break
                end += 2
            at = end + 1
        elif Code.WILL <= octets[at] <= Code.DONT:
            options.append(Negotiation(Verb(octets[at]), octets[at + 1]))
            at += 2
        else:
            return None
    return StatusIs(tuple(options)) if at == len(octets) else None


def _charset(kind: int, octets: bytes) -> Meaning | None:
    if kind == _REQUEST:
        if octets.startswith(_TTABLE):
            octets = octets[len(_TTABLE) + 1 :]
        separator, names = octets[:1], octets[1:]
        if not separator or not names.isascii():
            return None
        return CharsetRequest(tuple(name.decode() for name in names.split(separator) if name))
    if kind == _ACCEPTED:
        return CharsetAccepted(octets.decode("ascii")) if octets.isascii() else None
    if kind == _REJECTED:
        return CharsetRejected()
    if kind == _TTABLE_IS:
        return TranslationTable()
    return TranslationTableRejected() if kind == _TTABLE_REJECTED else None


def format_meaning(meaning: Meaning) -> bytes:
    """Print a subnegotiation. Raises ValueError for a translation table, which nobody sends."""
    option, octets = _printed(meaning)
    return format_token(Subnegotiation(option, octets))


def _printed(meaning: Meaning) -> tuple[int, bytes]:
    if isinstance(meaning, WindowSize):
        size = meaning.width.to_bytes(2, "big") + meaning.height.to_bytes(2, "big")
        return Option.NAWS, size
    if isinstance(meaning, TerminalTypeSend):
        return Option.TTYPE, bytes([_SEND])
    if isinstance(meaning, TerminalTypeIs):
        return Option.TTYPE, bytes([_IS]) + meaning.name.encode("ascii", "replace")
    if isinstance(meaning, StatusSend):
        return Option.STATUS, bytes([_SEND])
    if isinstance(meaning, StatusIs):
        stated = b"".join(_stated(each) for each in meaning.options)
        return Option.STATUS, bytes([_IS]) + stated
    if isinstance(meaning, CharsetRequest):
        names = b"".join(b";" + name.encode("ascii") for name in meaning.names)
        return Option.CHARSET, bytes([_REQUEST]) + names
    if isinstance(meaning, CharsetAccepted):
        return Option.CHARSET, bytes([_ACCEPTED]) + meaning.name.encode("ascii")
    if isinstance(meaning, CharsetRejected):
        return Option.CHARSET, bytes([_REJECTED])
    if isinstance(meaning, TranslationTableRejected):
        return Option.CHARSET, bytes([_TTABLE_REJECTED])
    raise ValueError("translation tables are not sent")


def _stated(negotiation: Negotiation) -> bytes:
    return bytes([negotiation.verb, negotiation.option])
